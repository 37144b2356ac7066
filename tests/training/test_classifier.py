"""The linear classifier: its start, its optimum, and the choice of the penalty."""

import numpy as np
import pytest
import torch

from puppyslug.networks.architectures import create_architecture
from puppyslug.networks.finetuned import make_finetuned_spec
from puppyslug.networks.specs import CLASS_MAP, FinetunedHead
from puppyslug.training.classifier import (
    PENALTIES,
    Examples,
    LinearClassifier,
    base_classifier_rows,
    cross_entropy,
    error_rate,
    fit_classifier,
    initial_classifier,
    pool_features,
)
from support.classifier_problem import OneBlock, features_of, make_examples
from support.random_networks import structure_parameters


@pytest.mark.parametrize("spec", structure_parameters())
def test_last_block_and_classifier_give_the_class_map(spec):
    finetuned = make_finetuned_spec(spec, FinetunedHead(spec.name, ("cup", "hat")), name="own")
    torch.manual_seed(0)
    architecture = create_architecture(finetuned).eval()
    size = max(finetuned.layer(CLASS_MAP).min_size, 96)
    layer = architecture.last_block_input
    with torch.no_grad():
        activations = dict(
            architecture.iter_layers(torch.rand(1, 3, size, size), {layer, CLASS_MAP})
        )
        logits = architecture.classifier(architecture.forward_last_block(activations[layer]))
    assert logits.shape[1] == 2 + (spec.trained_classes or 1)
    torch.testing.assert_close(logits, activations[CLASS_MAP])


def test_features_are_means_over_positions(architecture):
    inputs = (torch.rand(40, 12, 3, 5).half(), torch.rand(2, 12, 4, 4).half())
    features = pool_features(architecture, inputs)
    assert features.shape == (42, 12)
    assert features.dtype == torch.float64
    torch.testing.assert_close(features[41], inputs[1][1].double().mean((1, 2)), atol=1e-6, rtol=0)


def test_a_class_starts_as_what_the_base_predicts(architecture, examples):
    weight, bias = base_classifier_rows(architecture, 7)
    features = features_of(examples)
    start = initial_classifier(features, examples, (weight, bias))
    for number in range(2):
        logits = (features[examples.targets[:, number] == 1] @ weight.T + bias).numpy()
        probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        expected = probabilities.mean(0) @ weight.numpy()
        np.testing.assert_allclose(start.weight[number].numpy(), expected, rtol=1e-9)


def test_the_classifier_minimises_loss_and_distance(architecture, examples):
    """An independent loss, in NumPy, increases in every direction."""
    trained = fit_classifier(architecture, examples, None, base_classes=7)
    features = features_of(examples)
    rows = base_classifier_rows(architecture, 7)
    start = initial_classifier(features, examples, rows)
    x, (base_weight, base_bias) = features.numpy(), (row.numpy() for row in rows)
    targets = examples.targets.numpy()

    def loss(weight, bias):
        none = np.log(np.exp(x @ base_weight.T + base_bias).sum(1))
        logits = np.column_stack([x @ weight.T + bias, none])
        log_probabilities = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        distance = ((weight - start.weight.numpy()) ** 2).sum()
        return -(targets * log_probabilities).sum(1).mean() + PENALTIES[0] * distance

    weight, bias = trained.classifier.weight.numpy(), trained.classifier.bias.numpy()
    minimum = loss(weight, bias)
    assert minimum < loss(start.weight.numpy(), start.bias.numpy())
    generator = np.random.default_rng(0)
    for _ in range(50):
        change = 1e-2 * generator.standard_normal(weight.shape)
        assert loss(weight + change, bias) > minimum
        assert loss(weight, bias + 1e-2 * generator.standard_normal(bias.shape)) > minimum


def test_the_largest_penalty_without_more_mistakes_is_chosen(architecture, examples):
    chosen = fit_classifier(architecture, examples, examples, base_classes=7)
    largest = fit_classifier(architecture, examples, None, base_classes=7)
    assert error_rate(largest.classifier.logits(features_of(examples)), examples) == 0
    torch.testing.assert_close(chosen.classifier.weight, largest.classifier.weight)


def test_a_base_without_classes_gets_a_class_none():
    examples = make_examples(torch.randn(60, 12, generator=torch.Generator().manual_seed(0)))
    trained = fit_classifier(OneBlock(classes=3), examples, examples, base_classes=0)
    assert trained.classifier.logits(torch.zeros(5, 12, dtype=torch.float64)).shape == (5, 3)


def test_cross_entropy_joins_the_classes_of_the_base():
    logits = torch.tensor([[1.0, 0.5, 0.2, -0.3], [0.0, 2.0, 1.0, 1.0]], dtype=torch.float64)
    targets = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    examples = Examples((), targets, torch.tensor([0.25, 0.75], dtype=torch.float64))
    probabilities = np.exp(logits.numpy()) / np.exp(logits.numpy()).sum(1, keepdims=True)
    expected = -0.25 * np.log(probabilities[0, 0]) - 0.75 * np.log(probabilities[1, 2:].sum())
    assert float(cross_entropy(logits, examples)) == pytest.approx(expected)


def test_the_error_rate_ignores_blends():
    logits = torch.tensor([[5.0, 0, 0], [0, 5.0, 0], [5.0, 0, 0]])
    targets = torch.tensor([[1.0, 0, 0], [1.0, 0, 0], [0.5, 0.5, 0]])
    examples = Examples((), targets, torch.full((3,), 1 / 3))
    assert error_rate(logits, examples) == 0.5


def test_scaling_multiplies_all_logits():
    weight, bias = torch.ones(2, 3, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    classifier = LinearClassifier(weight, bias, weight * 2, bias)
    features = torch.rand(4, 3, dtype=torch.float64)
    torch.testing.assert_close(
        classifier.scaled(0.5).logits(features), classifier.logits(features) / 2
    )

"""The term ``see``: the probability that a network assigns to a class or a group."""

import pytest
import torch

from puppyslug.engine.term_context import DreamTermContext
from puppyslug.errors import LabelError, NetworkError, ObjectiveError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.labels import find_label
from puppyslug.networks import find_spec
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.objectives import parse_objective, see
from puppyslug.recognition.classification import compute_logits

SHARKS = find_label("shark").class_numbers  # all of them among the toy network's eight classes


def toy_logits(toy, image):
    return toy.activations(image, [CLASS_MAP])[CLASS_MAP].mean((2, 3))


def test_the_score_of_a_class_is_its_log_probability(toy, picture):
    batch = torch.cat([picture, 1 - picture])
    source = batch.clone().requires_grad_()
    expected = toy_logits(toy, source).log_softmax(1)[:, 1]
    (expected_gradient,) = torch.autograd.grad(expected.sum(), source)
    scores, gradient = value_and_gradient(toy, see("goldfish"), batch)
    assert torch.allclose(scores, expected, atol=1e-5)
    assert torch.allclose(gradient, expected_gradient, atol=1e-6)


def test_the_probability_of_a_group_is_the_sum_of_its_classes(toy, picture):
    assert max(SHARKS) < toy.spec.classes
    scores, _ = value_and_gradient(toy, parse_objective("see(any shark)"), picture)
    probabilities = toy_logits(toy, picture).softmax(1)[0, list(SHARKS)]
    assert scores.item() == pytest.approx(probabilities.sum().log().item(), abs=1e-5)


def test_names_are_found_in_any_spelling():
    assert str(parse_objective("2 * see( Golden_Retriever ) - see(any dogs)", find_label)) == (
        "2*see(golden retriever) - see(any dog)"
    )
    assert parse_objective("see(207)", find_label) == see("golden retriever", find_label)


def test_unknown_names_suggest_similar_ones():
    with pytest.raises(LabelError, match=r"goldn retreiver.*golden retriever"):
        parse_objective("see(goldn retreiver)", find_label)
    with pytest.raises(LabelError):
        parse_objective("see()")


def test_a_network_without_classes_suggests_networks_that_have_them():
    with pytest.raises(ObjectiveError, match=r"vgg19.*efficientnet_lite0, efficientnet_lite1"):
        see("dog").check(find_spec("vgg19").without_probe(), (300, 300))


@pytest.mark.parametrize(
    "name", ["efficientnet_lite1+squeezenet1_1", "googlenet+googlenet-places205"]
)
def test_ensembles_whose_class_maps_differ_cannot_see(name):
    spec = find_spec(name)
    with pytest.raises(ObjectiveError):
        see("dog").check(spec, (300, 300))
    with pytest.raises(NetworkError):
        spec.layer(CLASS_MAP)
    assert spec.layer(f"{spec.members[1].name}::{CLASS_MAP}").channels


def test_a_group_is_replaced_by_its_most_probable_member(toy, picture):
    best = SHARKS[int(compute_logits(toy, picture)[list(SHARKS)].argmax())]
    context = DreamTermContext(toy, picture, {})
    resolved = parse_objective("2*see(shark) + relu1").resolve(context)
    assert resolved == 2 * see(str(best), find_label) + parse_objective("relu1")
    for text in ("see(any shark)", "see(tench)", "relu1"):
        assert parse_objective(text).resolve(context) == parse_objective(text, find_label)


def test_a_class_that_was_not_looked_up_has_no_score(toy, picture):
    activations = toy.activations(picture, [CLASS_MAP])
    with pytest.raises(ObjectiveError, match=r"resolve_labels"):
        see("goldfish").score(activations)

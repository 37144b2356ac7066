"""Portraits: what they activate, batches, transparency, and objectives that are refused."""

import copy

import pytest
import torch

from puppyslug.errors import ObjectiveError
from puppyslug.labels import Vocabulary, find_label
from puppyslug.networks.loader import load_network
from puppyslug.objectives import channel, guide, see
from puppyslug.recognition.classification import compute_logits
from puppyslug.visualization.portraits import (
    CHANNEL_SETTINGS,
    CLASS_SETTINGS,
    optimisation_settings,
    portrait_steps,
)


def last_of(steps):
    for step in steps:
        last = step
    return last


def test_a_portrait_activates_its_own_channel_most(toy):
    objectives = [channel("conv2", number) for number in range(3)]
    steps = list(portrait_steps(objectives, toy, size=40, steps=30))
    assert [step.step for step in steps] == list(range(30))
    images = steps[-1].images
    assert images.shape == (3, 3, 40, 40)
    assert 0 <= images.min() <= images.max() <= 1
    with torch.no_grad():
        before = toy.activations(steps[0].images, ["conv2"])["conv2"].mean((2, 3))
        after = toy.activations(images, ["conv2"])["conv2"].mean((2, 3))
    for number in range(3):
        assert after[number, number] > before[number, number]
        assert after[number, number] == after[:, number].max()


def test_the_seed_determines_the_portrait(toy):
    def portrait(seed):
        steps = portrait_steps([channel("conv2", 0)], toy, size=40, steps=5, seed=seed)
        return last_of(steps).images

    assert torch.equal(portrait(0), portrait(0))
    assert not torch.equal(portrait(0), portrait(1))


def test_diversity_makes_variants_less_similar(toy):
    def distance(diversity):
        steps = portrait_steps(
            [channel("relu2", 1)] * 2, toy, size=40, steps=30, diversity=diversity
        )
        one, other = toy.activations(last_of(steps).images, ["relu2"])["relu2"].flatten(2)
        correlations = [
            torch.nn.functional.normalize((x @ x.T).flatten(), dim=0) for x in (one, other)
        ]
        return float((correlations[0] - correlations[1]).norm())

    assert distance(20.0) > distance(0.0)


def test_transparency_hides_what_does_not_raise_the_score(toy):
    objectives = [1e-6 * channel("relu2", 0)]
    steps = list(portrait_steps(objectives, toy, size=40, steps=25, transparent=True))
    assert steps[-1].alpha.shape == (1, 1, 40, 40)
    assert steps[-1].alpha.mean() < steps[0].alpha.mean()


def test_classes_have_settings_of_their_own():
    assert optimisation_settings([channel("relu2", 0)]) == CHANNEL_SETTINGS
    assert optimisation_settings([channel("relu2", 0), see("goldfish")]) == CLASS_SETTINGS
    assert optimisation_settings([channel("relu2", 0) - see("goldfish")]) == CLASS_SETTINGS


def test_short_runs_have_a_larger_learning_rate():
    rates = [CHANNEL_SETTINGS.learning_rate_for(steps) for steps in (10, 48, 96, 10_000)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == rates[1] > rates[2] > rates[3] == CHANNEL_SETTINGS.learning_rate


@pytest.mark.parametrize(
    ("objective", "named"),
    [(guide("a.jpg", "relu1"), "a.jpg"), (channel("relu2", 6), "6")],
)
def test_objectives_that_cannot_be_portrayed_are_refused(toy, objective, named):
    steps = portrait_steps([objective], toy, size=40, steps=1)
    with pytest.raises(ObjectiveError, match=named):
        next(steps)


def test_a_size_below_that_of_the_layer_is_refused():
    network = load_network("vgg19", precision="float32")
    min_size = network.spec.layer("relu5_1").min_size
    with pytest.raises(ObjectiveError, match=rf"{min_size}\D.*\b8\b.*larger size"):
        next(portrait_steps([channel("relu5_1", 3)], network, size=8, steps=1))


def test_an_inactive_channel_becomes_active():
    """Noise does not activate channel 37 of relu4_4 at all, so its ReLU passes no gradient."""
    network = load_network("vgg19", precision="float32")
    steps = list(portrait_steps([channel("relu4_4", 37)], network, size=64, steps=16))
    assert steps[0].scores[0] == 0
    assert steps[-1].scores[0] > 0


def test_a_class_is_looked_up_in_the_network_that_is_asked(toy):
    """Goldfish is class 1 of ImageNet, and class 3 of this network."""
    names = [f"thing {number}" for number in range(8)]
    own = copy.copy(toy)
    own.vocabulary = Vocabulary.from_names("own", [*names[:3], "goldfish", *names[4:]])
    for asked in (see("goldfish"), see("goldfish", find_label)):
        named, numbered = (
            last_of(portrait_steps([one], network, size=40, steps=5)).images
            for one, network in ((asked, own), (see("3"), toy))
        )
        assert torch.equal(named, numbered)


@pytest.mark.slow
def test_another_network_recognises_the_portraits_of_classes():
    network = load_network("efficientnet_lite0", precision="float32")
    other = load_network("efficientnet_lite1", precision="float32")
    steps = portrait_steps(
        [see("goldfish"), see("school bus")], network, size=160, steps=128, method="transforms"
    )
    images = last_of(steps).images
    for image, number in zip(images, (1, 779), strict=True):
        assert number in compute_logits(other, image[None]).topk(5).indices.tolist()

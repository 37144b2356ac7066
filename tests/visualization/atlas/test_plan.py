"""The plan of an atlas: batches, sizes, objectives and the estimate."""

import pytest

from puppyslug.errors import NetworkError, ObjectiveError
from puppyslug.networks.loader import load_network
from puppyslug.visualization.atlas.plan import estimate_seconds, plan_atlas, portrait_objective
from puppyslug.visualization.portraits import CHANNEL_SETTINGS, CLASS_SETTINGS
from support.atlases import toy_plan


def test_batches_contain_every_channel_once():
    batches = toy_plan(channels=7, batch=3).batches
    assert [list(batch) for batch in batches] == [[0, 1, 2], [3, 4, 5], [6]]


def test_size_and_steps_default_to_those_of_channels_and_classes(toy):
    channels, classes = plan_atlas(toy, "relu2"), plan_atlas(toy, "labels")
    assert (channels.size, channels.steps) == (CHANNEL_SETTINGS.size, CHANNEL_SETTINGS.steps)
    assert (classes.size, classes.steps) == (CLASS_SETTINGS.size, CLASS_SETTINGS.steps)
    assert (channels.channels, classes.channels) == (6, 8)
    chosen = plan_atlas(toy, "relu2", size=40, steps=5, seed=3)
    assert (chosen.size, chosen.steps, chosen.seed) == (40, 5, 3)


def test_the_plan_names_what_the_network_computes_with():
    network = load_network("vgg19", precision="float32", winograd="steady")
    plan = plan_atlas(network, "relu1_1")
    assert plan.weights == network.weights_sha256
    assert plan.precision == "float32"
    assert plan.winograd == network.winograd_min_channels


def test_unknown_layers_and_too_small_sizes_are_refused():
    network = load_network("vgg19", precision="float32")
    with pytest.raises(NetworkError, match="relu9"):
        plan_atlas(network, "relu9")
    with pytest.raises(ObjectiveError, match=r"relu5_2.*\b8\b"):
        plan_atlas(network, "relu5_2", size=8)


def test_portraits_of_classes_have_the_objective_of_the_name(toy):
    assert str(portrait_objective(toy, "labels", 1)) == "see(goldfish)"
    assert str(portrait_objective(toy, "relu2", 1)) == "relu2:1"


def test_an_estimate_is_proportional_to_the_portraits(toy):
    plan = plan_atlas(toy, "relu2", size=64, steps=50)
    assert estimate_seconds(toy, plan, 100) > 0
    assert estimate_seconds(toy, plan, 0) == 0

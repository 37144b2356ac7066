"""The network of a recipe."""

import pytest

from puppyslug.engine.network_loading import load_recipe_network
from puppyslug.errors import LabelError, WeightsError
from puppyslug.recipe import FileReference, InputFiles, Recipe

OTHER = FileReference(name="other.file", sha256="0" * 64)


def load(files=None, **settings):
    recipe = Recipe.complete(
        {
            "network": "efficientnet_lite0",
            "objective": "block_2",
            "precision": "float32",
            **settings,
        }
    )
    return load_recipe_network(recipe, files or InputFiles(), "cpu")


def test_the_recipes_settings_apply():
    network = load(winograd=0)
    assert network.spec.name == "efficientnet_lite0"
    assert network.precision == "float32"
    assert network.winograd_min_channels == 0


def test_the_recipes_own_weights_are_accepted():
    network = load()
    reference = FileReference(name=network.weights_name, sha256=network.weights_sha256)
    assert load(weights=reference) is network


def test_other_weights_are_rejected():
    with pytest.raises(WeightsError, match=r"other\.file.*as weights"):
        load(weights=OTHER)


def test_missing_labels_are_an_error():
    with pytest.raises(LabelError, match=r"other\.file.*as labels"):
        load(labels=OTHER)


def test_other_labels_are_rejected(tmp_path):
    labels = tmp_path / "names.txt"
    labels.write_text("a\nb\n")
    with pytest.raises(LabelError, match=r"names\.txt.*other\.file"):
        load(InputFiles(labels=labels), labels=OTHER)

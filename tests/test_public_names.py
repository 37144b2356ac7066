"""The public names of the package."""

import importlib
import inspect

import pytest

import puppyslug
from puppyslug.images import generate_clouds


def test_every_public_name_is_importable_and_documented():
    assert sorted(puppyslug.__all__) == puppyslug.__all__
    assert set(puppyslug._MODULES) == set(puppyslug.__all__)
    assert dir(puppyslug) == puppyslug.__all__
    for name in puppyslug.__all__:
        value = getattr(puppyslug, name)
        assert value.__name__ == name
        assert inspect.getdoc(value)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="dreem"):
        _ = puppyslug.dreem


def test_no_submodule_shadows_a_public_function():
    for name in puppyslug.__all__:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"puppyslug.{name}")


@pytest.mark.parametrize(
    ("function", "keywords"),
    [
        (
            "dream_steps",
            ["image", "recipe", "network", "detail", "mask", "guides", "frame", "seeded"],
        ),
        ("classify", ["source", "network", "top"]),
        ("class_map", ["network", "image", "classes", "tile"]),
        ("score", ["objective", "source", "network"]),
        ("strongest", ["network", "layer", "image", "count"]),
        (
            "portrait_steps",
            [
                "objectives",
                "network",
                "size",
                "steps",
                "seed",
                "diversity",
                "transparent",
                "method",
                "drawing",
            ],
        ),
        (
            "load_network",
            ["name", "weights", "labels", "precision", "device", "winograd", "kernels"],
        ),
    ],
)
def test_the_keywords_of_public_functions_stay(function, keywords):
    assert list(inspect.signature(getattr(puppyslug, function)).parameters) == keywords


def test_a_dream_can_be_followed_step_by_step():
    network = puppyslug.load_network("efficientnet_lite0", precision="float32", device="cpu")
    recipe = puppyslug.Recipe.complete(
        {"network": "efficientnet_lite0", "objective": "labels:207", "octaves": 2, "iterations": 3}
    )
    image = generate_clouds((64, 96))
    scores = [step.score for step in puppyslug.dream_steps(image, recipe, network)]
    assert len(scores) == 6
    assert scores[2] > scores[0]
    assert scores[5] > scores[3]

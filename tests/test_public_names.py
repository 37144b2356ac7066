"""The public names, and the shortest way to a dream."""

import importlib
import inspect

import pytest
from PIL import Image

import puppyslug


def test_public_names_are_what_they_say():
    assert sorted(puppyslug.__all__) == puppyslug.__all__
    assert set(puppyslug._ROOMS) == set(puppyslug.__all__)
    assert dir(puppyslug) == puppyslug.__all__
    for name in puppyslug.__all__:
        value = getattr(puppyslug, name)
        assert value.__name__ == name
        assert inspect.getdoc(value)
    with pytest.raises(AttributeError, match="no attribute 'dreem'"):
        _ = puppyslug.dreem


def test_no_room_has_the_name_of_a_public_function():
    for name in puppyslug.__all__:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"puppyslug.{name}")


def test_a_dream_in_one_call(tmp_path):
    photo = Image.effect_noise((60, 40), 60).convert("RGBA")
    photo.putalpha(77)
    photo.save(tmp_path / "photo.png")
    dream = puppyslug.dream(tmp_path / "photo.png", layer="relu1_2", iterations=2, octaves=1)
    assert (dream.mode, dream.size) == ("RGBA", (60, 40))
    assert dream.getchannel("A").getextrema() == (77, 77)
    recipe = puppyslug.Recipe.from_json(dream.info["puppyslug"])
    assert recipe.objective == "relu1_2"
    assert recipe.photo.name == "photo.png"
    again = puppyslug.dream(photo, layer="relu1_2", iterations=2, octaves=1)
    assert again.tobytes() == dream.tobytes()


def test_every_step_is_there_for_those_who_want_it():
    network = puppyslug.load_network("efficientnet_lite0", precision="float32", device="cpu")
    from puppyslug.images import clouds

    recipe = puppyslug.Recipe.complete(
        {"network": "efficientnet_lite0", "objective": "labels:207", "octaves": 2, "iterations": 3}
    )
    scores = [step.score for step in puppyslug.dream_steps(clouds((64, 96)), recipe, network)]
    assert len(scores) == 6
    assert scores[2] > scores[0]
    assert scores[5] > scores[3]


def test_wrong_settings_raise_the_projects_own_errors():
    for settings in ({"octaves": 0}, {"layer": "nothing"}, {"network": "nothing"}, {"colour": 3}):
        with pytest.raises(puppyslug.PuppyslugError):
            puppyslug.dream("clouds", **settings)

"""The looks that the page offers."""

import json

import pytest

from puppyslug.recipe import PRESETS, defaults
from puppyslug.studio.looks import LOOKS, SAMPLES, THING_LOOKS, describe_looks


def test_the_usual_look_of_a_thing_comes_first():
    assert THING_LOOKS[0].settings == {"preset": defaults.SEE_PRESET}
    assert all("focus" in PRESETS[look.name].settings for look in THING_LOOKS)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_each_look_is_a_valid_dream(client, look):
    recipe = {"photo": "clouds", "size": "160x120", **look.settings}
    response = client.post("/api/dreams", data={"recipe": json.dumps(recipe)})
    assert response.status_code == 201, response.text


def test_looks_differ_and_have_pictures(client):
    assert len(LOOKS) >= 12
    for values in ([look.name for look in LOOKS], [str(look.settings) for look in LOOKS]):
        assert len(set(values)) == len(LOOKS)
    for picture in [look.picture for look in (*LOOKS, *THING_LOOKS)] + [
        f"sample-{name}" for name, _ in SAMPLES
    ]:
        assert client.get(f"/static/pictures/{picture}.webp").status_code == 200, picture


def test_only_looks_of_networks_that_are_here_are_offered():
    assert describe_looks(set()) == []
    names = {look["name"] for look in describe_looks({"vgg19"})}
    assert "classic" in names
    assert "fur" not in names

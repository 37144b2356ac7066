"""Notices before a dream."""

import torch

from puppyslug.engine.notices import (
    count_notices,
    drawing_notices,
    octave_notices,
    precision_notices,
    size_notices,
)
from puppyslug.engine.octaves import OctavePlan
from puppyslug.images import LoadedImage
from puppyslug.recipe import Recipe


def test_a_photo_that_is_scaled_down_by_default_is_reported():
    photo = LoadedImage(torch.rand(1, 3, 10, 20), None, "sky.jpg", "", (100, 200))
    (notice,) = size_notices(Recipe.complete({}), photo)
    for part in ("sky.jpg", "200×100", "20×10", 'size="full"', "100 times"):
        assert part in notice
    assert not list(size_notices(Recipe.complete({"size": "20"}), photo))


def test_too_many_objects_are_reported():
    recipe = Recipe.complete({"preset": "natural", "objective": "see(dog)", "count": 9})
    (notice,) = count_notices(recipe, (256, 256))
    for part in ("256×256", "4 objects", "9", "larger size"):
        assert part in notice
    assert not list(count_notices(recipe, (1024, 1024)))


def test_settings_of_a_drawing_are_reported_where_the_dream_grows_in_octaves():
    settings = {"objective": "see(dog)", "place": "0.3,0.6", "fidelity": 3.0}
    (notice,) = drawing_notices(Recipe.complete({"preset": "natural", **settings}))
    for part in ("place", "fidelity", 'preset="named"'):
        assert part in notice
    assert "extent" not in notice
    assert not list(drawing_notices(Recipe.complete({"preset": "named", **settings})))
    assert not list(drawing_notices(Recipe.complete({"preset": "natural"})))


def test_dropped_octaves_are_reported():
    (notice,) = octave_notices(OctavePlan(((40, 52),), dropped=2, min_size=16))
    assert "2 octaves" in notice
    assert "16×16" in notice
    assert not list(octave_notices(OctavePlan(((40, 52),), dropped=0, min_size=16)))


def test_slow_bfloat16_is_reported(monkeypatch):
    for supported in (False, True):
        monkeypatch.setattr(
            "puppyslug.engine.notices.has_fast_bfloat16", lambda _, value=supported: value
        )
        assert bool(list(precision_notices("bfloat16", "cpu"))) is not supported
        assert not list(precision_notices("float32", "cpu"))

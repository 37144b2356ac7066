"""Named things drawn in a photo, and refined by octaves."""

import pytest
import torch

from puppyslug.engine.composition import Composition
from puppyslug.engine.dream_state import DreamState
from puppyslug.engine.loop import dream_steps
from puppyslug.engine.octaves import drawing_size
from puppyslug.errors import RecipeError
from puppyslug.recipe import Recipe
from puppyslug.recognition.class_maps import class_map

SETTINGS = {
    "method": "spectrum", "objective": "see(goldfish)", "drawing_steps": 3, "iterations": 2,
    "octave_scale": 1.4, "jitter": 2, "precision": "float32",
}  # fmt: skip


def recipe(toy, **settings):
    return Recipe.complete({**SETTINGS, **settings}, toy.spec)


def steps_of(toy, image, changes=(), **settings):
    steps = dream_steps(image, recipe(toy, **settings), toy)
    taken = [next(steps)]
    for change in changes:
        taken[-1] = steps.send(change)
        taken.append(next(steps))
    return [*taken, *steps]


def test_a_small_photo_is_drawn_at_its_own_size(toy, picture):
    steps = steps_of(toy, picture)
    assert [(step.octave, step.octaves, step.step, step.steps) for step in steps] == [
        (0, 1, n, 3) for n in range(3)
    ]
    assert [step.is_last for step in steps] == [False, False, True]
    assert steps[-1].fraction == pytest.approx(1)
    assert (steps[-1].image - picture).abs().max() > 0.001


def test_a_large_photo_is_drawn_small_and_refined_by_octaves(toy):
    image = torch.rand(1, 3, 90, 600)
    steps = steps_of(toy, image)
    sizes = list(dict.fromkeys(tuple(step.image.shape[-2:]) for step in steps))
    assert sizes == [(72, 480), (90, 600)]
    assert [step.number for step in steps] == [1, 2, 3, 4, 5]
    assert [step.is_last for step in steps] == [False] * 4 + [True]
    assert steps[-1].fraction == pytest.approx(1)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((360, 640), (270, 480)), ((100, 200), (100, 200)), ((4000, 400), (480, 48))],
)
def test_the_size_of_a_drawing(size, expected):
    assert drawing_size(size) == expected
    assert min(drawing_size(size, 64)) >= 64


def test_the_thing_grows_at_its_place_only(toy):
    image = torch.full((1, 3, 60, 120), 0.5)
    change = (steps_of(toy, image, place="0.2,0.5", extent=0.6)[-1].image - image).abs()
    assert change[..., :48].mean() > 4 * change[..., 72:].mean()


def test_a_mask_is_obeyed_to_the_bit(toy):
    image = torch.rand(1, 3, 60, 120)
    mask = torch.zeros(1, 1, 60, 120)
    mask[..., :60] = 1
    *_, last = dream_steps(image, recipe(toy), toy, mask=mask)
    assert torch.equal(last.picture()[..., 60:], image[..., 60:])
    assert not torch.equal(last.picture()[..., :60], image[..., :60])


def test_several_things_have_places_of_their_own(toy):
    image = torch.rand(1, 3, 60, 160)
    dream = DreamState.start(steps_inputs(toy, image, count=3, extent=0.5), 0, 0)
    places = Composition(dream, image)._places
    assert len({(place.y, place.x) for place in places}) == 3


def steps_inputs(toy, image, **settings):
    from puppyslug.engine.arguments import collect_inputs

    return collect_inputs(image, recipe(toy, **settings), toy, None, None)


def test_changes_apply_while_the_thing_is_drawn(toy, picture):
    changed = steps_of(toy, picture, [{"objective": "see(tench)"}])
    unchanged = steps_of(toy, picture)
    assert torch.equal(changed[0].image, unchanged[0].image)
    assert not torch.equal(changed[-1].image, unchanged[-1].image)
    assert changed[-1].recipe.schedule[0].field == "objective"
    (*_, again) = dream_steps(picture, changed[-1].recipe, toy)
    assert torch.equal(again.image, changed[-1].image)


def test_the_mask_follows_a_class_that_is_changed(toy, picture, monkeypatch):
    sought = []

    def recorded(network, image, classes):
        sought.append(classes)
        return class_map(network, image, classes)

    monkeypatch.setattr("puppyslug.engine.composition.class_map", recorded)
    steps_of(toy, picture, [{"objective": "see(tench)"}], drawing_steps=20)
    assert sought[0] == (1,)
    assert set(sought[1:]) == {(0,)}


def test_an_interrupted_drawing_stops_after_the_same_step(toy, picture):
    steps = steps_of(toy, picture)
    stopped = steps_of(toy, picture, stop_after=2)
    assert len(stopped) == 2
    assert torch.equal(stopped[-1].image, steps[1].image)


def test_only_the_first_frame_of_a_film_is_drawn(toy, picture):
    settings = {"iterations": 2, "octaves": 1}
    first = list(dream_steps(picture, recipe(toy, **settings), toy))
    second = list(dream_steps(picture, recipe(toy, **settings), toy, frame=1))
    assert (len(first), len(second)) == (3, 2)


@pytest.mark.parametrize("place", ["0.3", "0.3,1.2", "left", "nan,0.5", ""])
def test_a_place_is_two_shares(place):
    with pytest.raises(RecipeError, match=r"place.*X,Y.*0\.3,0\.6"):
        Recipe.complete({"place": place})

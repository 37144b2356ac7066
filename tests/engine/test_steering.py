"""Changes of a running dream."""

import pytest

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.steering import apply_changes
from puppyslug.errors import ImageError, NetworkError, ObjectiveError, RecipeError
from support.dream_runs import toy_recipe

INVALID = [
    ({"octaves": 3}, RecipeError, "octaves"),
    ({"step_size": -1}, RecipeError, "step_size"),
    ({"objective": "relu2:99"}, ObjectiveError, "99"),
    ({"objective": "2*"}, ObjectiveError, r"2\*"),
    ({"objective": "relu7"}, NetworkError, "relu7.*relu"),
]
SIZE = (40, 52)


@pytest.mark.parametrize(("changes", "error", "message"), INVALID)
def test_invalid_changes_are_rejected(toy, changes, error, message):
    with pytest.raises(error, match=message):
        apply_changes(toy_recipe(), changes, toy.spec, SIZE)


@pytest.mark.parametrize(("changes", "error", "message"), INVALID)
def test_the_loop_rejects_the_same_changes(toy, picture, changes, error, message):
    steps = dream_steps(picture, toy_recipe(), toy)
    next(steps)
    with pytest.raises(error, match=message):
        steps.send(changes)


def test_an_objective_whose_layer_needs_more_pixels_than_the_coarsest_octave_is_rejected(toy):
    recipe = toy_recipe(objective="relu1", octaves=8, octave_scale=2)
    with pytest.raises(ImageError, match=r"×1 .*relu2.*2×2"):
        apply_changes(recipe, {"objective": "relu2"}, toy.spec, SIZE)


def test_changes_are_scheduled_and_those_of_blending_apply_at_once(toy):
    changes = {"step_size": 3.0, "strength": 0.5, "keep_colours": True}
    changed = apply_changes(toy_recipe(), changes, toy.spec, SIZE, (0, 1, 2))
    assert [tuple(change)[:5] for change in changed.schedule] == [(0, 1, 2, "step_size", 3.0)]
    assert (changed.strength, changed.keep_colours) == (0.5, True)
    assert changed.at_step(0, 1, 1).step_size == toy_recipe().step_size
    assert changed.at_step(0, 1, 2).step_size == 3.0


def test_the_loop_adds_the_changes_to_the_recipe(toy, picture):
    steps = dream_steps(picture, toy_recipe(), toy)
    next(steps)
    changes = {"jitter": 1, "strength": 0.5}
    sent = steps.send(changes).recipe
    expected = apply_changes(toy_recipe(), changes, toy.spec, SIZE, (0, 0, 1))
    assert (sent.schedule, sent.strength) == (expected.schedule, expected.strength)

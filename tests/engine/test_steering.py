"""Changes of a running dream."""

import pytest
import torch

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.steering import apply_changes
from puppyslug.errors import ImageError, NetworkError, ObjectiveError, RecipeError
from support.dream_runs import toy_recipe

INVALID = [
    ({"octaves": 3}, RecipeError, "octaves"),
    ({"step_size": -1}, RecipeError, "step_size"),
    ({"objective": "relu2:99"}, ObjectiveError, "99"),
    ({"objective": "2*"}, ObjectiveError, r"2\*"),
    ({"objective": "relu7"}, NetworkError, "relu7.*relu"),
    ({"objective": 'guide("a.jpg", relu2)'}, ObjectiveError, r"no guide 'a\.jpg'"),
    ({"objective": "relu1 + strongest(relu2, 3)"}, ObjectiveError, "when a dream begins"),
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


def test_an_objective_may_refer_to_the_guides_that_a_dream_has(toy):
    changes = {"objective": 'guide("a.jpg", relu2)'}
    reference = {"name": "a.jpg", "sha256": "0" * 64}
    by_recipe = apply_changes(toy_recipe(guides=[reference]), changes, toy.spec, SIZE)
    by_argument = apply_changes(toy_recipe(), changes, toy.spec, SIZE, guides=["a.jpg"])
    assert by_recipe.schedule == by_argument.schedule


def test_other_fields_can_change_while_a_guide_is_sought(toy):
    recipe = toy_recipe(objective='guide("a.jpg", relu2)')
    assert apply_changes(recipe, {"step_size": 2.0}, toy.spec, SIZE).schedule


def test_changes_whose_first_step_fails_are_reverted(toy, picture):
    """The score of relu1 fails, which no check foresees."""

    def fail_on_first_layer(network, function, arguments):
        for crop in arguments:
            if "relu1" in str(crop):
                raise RuntimeError("not implemented\nfor this layer")
            yield function(network, *crop)

    recipe, changes = toy_recipe(octaves=1, iterations=4), {"objective": "relu1", "jitter": 3}
    prepared = PreparedDream(picture, recipe, toy, executor=fail_on_first_layer)
    steps = dream_steps(prepared)
    next(steps)
    assert steps.send(changes).recipe.schedule
    dreamt = list(steps)
    assert [step.rejected for step in dreamt] == ["not implemented for this layer", "", ""]
    unchanged = list(dream_steps(picture, recipe, toy))
    assert dreamt[-1].recipe == unchanged[-1].recipe
    assert torch.equal(dreamt[-1].image, unchanged[-1].image)


def test_changes_that_a_step_has_been_taken_with_are_kept(toy, picture):
    failing = []

    def fail_when_told(network, function, arguments):
        if failing:
            raise RuntimeError(failing.pop())
        yield from (function(network, *crop) for crop in arguments)

    prepared = PreparedDream(picture, toy_recipe(), toy, executor=fail_when_told)
    steps = dream_steps(prepared)
    next(steps)
    steps.send({"jitter": 3})
    assert next(steps).recipe.schedule
    failing.append("the network is broken")
    with pytest.raises(RuntimeError, match="broken"):
        next(steps)

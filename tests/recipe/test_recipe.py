import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.errors import NetworkError, PuppyslugError, RecipeError
from puppyslug.recipe import Change, Recipe

sides = st.integers(1, 65_535)
settings = st.fixed_dictionaries(
    {},
    optional={
        "photo": st.sampled_from(["noise", "clouds"])
        | st.fixed_dictionaries(
            {
                "name": st.text(st.characters(codec="utf-8", exclude_characters="/\\")),
                "sha256": st.text("0123456789abcdef", min_size=64, max_size=64),
            }
        ),
        "network": st.sampled_from(["vgg19", "efficientnet_lite0"]),
        "octaves": st.integers(1, 100),
        "octave_scale": st.floats(1, 100, exclude_min=True),
        "iterations": st.integers(1, 1000),
        "step_size": st.floats(0, 100, exclude_min=True),
        "jitter": st.integers(0, 500),
        "seed": st.integers(0, 2**63 - 1),
        "size": st.builds("{}x{}".format, sides, sides) | sides.map(str) | st.just("full"),
        "precision": st.sampled_from(["auto", "float32", "bfloat16"]),
        "objective": st.sampled_from(["relu4_4", "2*relu4_4 - relu1_1:3", "labels:207"]),
        "schedule": st.lists(
            st.tuples(st.just(0), st.integers(0, 5), st.integers(0, 9), st.just("step_size"),
                      st.floats(0.1, 9))
        ),
    },
)  # fmt: skip


@given(settings)
def test_json_restores_an_equal_recipe(chosen):
    recipe = Recipe.complete(chosen)
    text = recipe.to_json()
    assert text.isascii()
    assert Recipe.from_json(text) == recipe
    assert Recipe.from_json(recipe.to_json(indent=2)).to_json() == text


def test_unset_fields_are_completed():
    recipe = Recipe.complete({"network": "efficientnet_lite0", "octaves": 6})
    assert recipe.objective == "block_9"
    assert (recipe.octaves, recipe.octave_scale, recipe.iterations) == (6, 1.4, 10)
    assert (recipe.step_size, recipe.jitter, recipe.preset) == (1.5, 32, "classic")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(Recipe.model_fields)), json_values))
def test_any_json_is_a_recipe_or_an_error_of_one_line(chosen):
    try:
        Recipe.from_json(json.dumps(chosen))
    except PuppyslugError as error:
        assert "\n" not in str(error)


def test_an_unknown_network_is_refused_with_similar_names():
    with pytest.raises(NetworkError, match=r"vgg91.*vgg19"):
        Recipe.complete({"network": "vgg91"})


def test_scheduled_changes_apply_from_their_step_on():
    recipe = Recipe.complete({}).with_settings(
        {"schedule": (Change(0, 1, 2, "step_size", 3.0), Change(0, 2, 0, "jitter", 4))}
    )
    assert recipe.at_step(0, 1, 1).step_size == 1.5
    assert recipe.at_step(0, 1, 2).step_size == 3.0
    assert (recipe.at_step(0, 2, 5).step_size, recipe.at_step(0, 2, 5).jitter) == (3.0, 4)


def test_a_frame_has_its_own_settings_and_keeps_the_schedule_of_its_steps():
    recipe = Recipe.complete(
        {"schedule": [[3, 0, 0, "zoom", 1.1], [9, 0, 0, "zoom", 1.2, True], [5, 0, 0, "jitter", 2]]}
    )
    frame = recipe.for_frame(6)
    assert frame.zoom == pytest.approx(1.15)
    assert [change.field for change in frame.schedule] == ["jitter"]
    assert frame.at_step(6, 0, 0).jitter == 2


def test_changes_during_a_dream_are_scheduled_or_apply_to_the_result():
    recipe = Recipe.complete({}).with_scheduled_changes(
        (0, 1, 2), {"step_size": 3.0, "strength": 0.5}
    )
    assert recipe.schedule == (Change(0, 1, 2, "step_size", 3.0),)
    assert recipe.strength == 0.5
    later = recipe.with_scheduled_changes((0, 2, 0), {"objective": "relu1_1"})
    assert later.schedule == (*recipe.schedule, Change(0, 2, 0, "objective", "relu1_1"))


@pytest.mark.parametrize(
    ("changes", "offending"),
    [({"size": "300"}, "size"), ({"step_sise": 3}, "step_sise.*step_size"), ({"jitter": -3}, "-3")],
)
def test_other_changes_during_a_dream_are_refused(changes, offending):
    with pytest.raises(RecipeError, match=offending):
        Recipe.complete({}).with_scheduled_changes((0, 0, 0), changes)


def test_a_resized_recipe_keeps_its_composition():
    recipe = Recipe.complete({"size": "640x360"}).resized("1280")
    assert (recipe.size, recipe.composed) == ("1280x720", "640x360")
    assert recipe.composition_size == (360, 640)
    assert recipe.resized("2560").composed == "640x360"
    assert recipe.resized("full").size == "full"
    with pytest.raises(RecipeError, match="WxH"):
        Recipe.complete({"size": "640"}).resized("1280")


def test_tiles_are_used_only_for_larger_images():
    assert Recipe.complete({}).tile_size((9000, 9000)) is None
    recipe = Recipe.complete({"tile": "300x200"})
    assert recipe.tile_size((200, 301)) == (200, 300)
    assert recipe.tile_size((200, 300)) is None


def test_the_combined_objective_includes_scheduled_objectives():
    recipe = Recipe.complete(
        {"objective": "relu1_1", "schedule": [[0, 1, 0, "objective", "2*relu2_1"]]}
    )
    assert str(recipe.combined_objective()) == "relu1_1 + 2*relu2_1"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({}, False), ({"jitter": 3}, False), ({"rescale": 0.1}, True), ({"margin": 0.1}, True),
     ({"soften": 0.1}, True), ({"smooth": "1"}, True), ({"palette": "natural"}, True)],
)  # fmt: skip
def test_the_notebooks_gradient_is_recognised(changed, expected):
    assert Recipe.complete(changed).modifies_gradient is expected


def test_class_names_are_resolved_unless_a_labels_file_has_them():
    settings = {"network": "efficientnet_lite0"}
    assert Recipe.complete(settings).find_label("dog").class_numbers
    settings["labels"] = {"name": "names.txt", "sha256": "0" * 64}
    assert Recipe.complete(settings).find_label("dog").class_numbers == ()


def test_a_dream_changes_at_most_as_often_as_its_schedule_can_hold():
    changes = [[0, 0, step, "step_size", 1.0] for step in range(999)]
    recipe = Recipe.complete({"schedule": changes})
    full = recipe.with_scheduled_changes((0, 1, 0), {"step_size": 2.0})
    assert len(Recipe.from_json(full.to_json()).schedule) == 1000
    with pytest.raises(RecipeError, match="at most 1000 times"):
        full.with_scheduled_changes((0, 1, 1), {"step_size": 3.0})
    assert full.with_scheduled_changes((0, 1, 1), {"strength": 0.5}).strength == 0.5


def test_changes_that_would_make_a_recipe_too_long_to_read_are_refused():
    objective = " + ".join(["relu4_4"] * 190)
    recipe = Recipe.complete({})
    with pytest.raises(RecipeError, match="200000 characters"):
        for step in range(1000):
            recipe = recipe.with_scheduled_changes((0, 0, step), {"objective": objective})
    assert Recipe.from_json(recipe.to_json()).schedule == recipe.schedule


@pytest.mark.parametrize("field", ["schedule", "guides"])
def test_a_long_list_is_refused_before_its_items_are_validated(field):
    with pytest.raises(RecipeError, match="at most") as caught:
        Recipe.complete({field: [0] * 100_000})
    assert caught.value.__cause__.error_count() == 1

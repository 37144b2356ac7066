import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.errors import NetworkError, PuppyslugError, RecipeError
from puppyslug.recipe.recipe import RECIPE_VERSION, Change, Recipe

edges = st.integers(1, 65_535)
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
        "size": st.builds("{}x{}".format, edges, edges) | edges.map(str) | st.just("full"),
        "precision": st.sampled_from(["auto", "float32", "bfloat16"]),
        "objective": st.sampled_from(["relu4_4", "2*relu4_4 - relu1_1:3", "labels:207"]),
        "schedule": st.lists(
            st.tuples(st.just(0), st.integers(0, 5), st.integers(0, 9), st.just("step_size"),
                      st.floats(0.1, 9))
        ),
    },
)  # fmt: skip


@given(settings)
def test_json_reads_back_as_the_same_recipe(chosen):
    recipe = Recipe.complete(chosen)
    text = recipe.to_json()
    assert text.isascii()
    assert Recipe.from_json(text) == recipe
    assert Recipe.from_json(recipe.to_json(indent=2)).to_json() == text


def test_what_is_unset_is_filled_in():
    recipe = Recipe.complete({"network": "efficientnet_lite0", "octaves": 6})
    assert recipe.objective == "block_9"
    assert (recipe.octaves, recipe.octave_scale, recipe.iterations) == (6, 1.4, 10)
    assert (recipe.step_size, recipe.jitter, recipe.preset) == (1.5, 32, "classic")


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"octaves": 0}, "octaves cannot be 0"),
        ({"octaves": -3}, "octaves cannot be -3"),
        ({"iterations": 0}, "iterations cannot be 0"),
        ({"octave_scale": 1.0}, "octave_scale cannot be 1.0"),
        ({"octave_scale": float("nan")}, "octave_scale cannot be nan"),
        ({"step_size": float("inf")}, "step_size cannot be inf"),
        ({"step_size": 0}, "step_size cannot be 0"),
        ({"seed": -1}, "seed cannot be -1"),
        ({"jitter": -1}, "jitter cannot be -1"),
        ({"size": "0x10"}, "size cannot be 0x10"),
        ({"size": "huge"}, "size cannot be huge"),
        ({"size": "70000"}, "size cannot be 70000"),
        ({"precision": "float8"}, "precision cannot be float8"),
        ({"octavs": 3}, "no field 'octavs'; did you mean octaves"),
        ({"preset": "clasic"}, "no preset 'clasic'; did you mean classic"),
        ({"photo": {"name": "../../etc/passwd", "sha256": "0" * 64}}, "photo cannot be"),
        ({"recipe_version": RECIPE_VERSION + 1, "version": "9.9"}, r"newer puppyslug \(9.9\)"),
        ({"schedule": [[0, 0, 0, "size", 3]]}, "size' cannot change while dreaming"),
        ({"schedule": [[0, 0, 0, "step_size", -3]]}, "step_size cannot be -3"),
    ],
)
def test_a_wrong_setting_is_said_in_one_line(chosen, said):
    with pytest.raises(RecipeError, match=said) as caught:
        Recipe.complete(chosen)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", '"x"', "[" * 100_000, "nul"])
def test_what_is_no_recipe_is_refused(text):
    with pytest.raises(RecipeError):
        Recipe.from_json(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(Recipe.model_fields)), json_values))
def test_any_json_is_read_or_refused_in_one_line(chosen):
    try:
        Recipe.from_json(json.dumps(chosen))
    except PuppyslugError as error:
        assert "\n" not in str(error)


def test_unknown_network_offers_near_names():
    with pytest.raises(NetworkError, match="did you mean vgg19"):
        Recipe.complete({"network": "vgg91"})


def test_changes_hold_from_their_step_on():
    recipe = Recipe.complete({}).with_settings(
        {"schedule": (Change(0, 1, 2, "step_size", 3.0), Change(0, 2, 0, "jitter", 4))}
    )
    assert recipe.at(0, 1, 1).step_size == 1.5
    assert recipe.at(0, 1, 2).step_size == 3.0
    assert (recipe.at(0, 2, 5).step_size, recipe.at(0, 2, 5).jitter) == (3.0, 4)


def test_a_resized_recipe_remembers_its_composition():
    recipe = Recipe.complete({"size": "640x360"}).resized("1280")
    assert (recipe.size, recipe.composed) == ("1280x720", "640x360")
    assert recipe.resized("2560").composed == "640x360"

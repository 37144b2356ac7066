from fractions import Fraction

import pytest

from puppyslug.errors import RecipeError
from puppyslug.recipe import Recipe, name_classes, parse_keyframes, with_keyframes

FPS = Fraction(25)


def test_settings_are_interpolated_between_keyframes():
    changes = parse_keyframes(
        ["0:relu3_1", "2s:relu4_1", "10:zoom=1.02", "20:zoom=1.06", "5:step-size=3"], FPS
    )
    recipe = with_keyframes(Recipe.complete({"step_size": 1.0}), changes)
    assert recipe.objective == "relu3_1"
    assert [recipe.for_frame(n).zoom for n in (0, 9, 10, 15, 20, 99)] == pytest.approx(
        [1.0, 1.0, 1.02, 1.04, 1.06, 1.06]
    )
    assert recipe.at_step(0, 0, 0).step_size == 1.0
    assert recipe.at_step(5, 0, 0).step_size == 3.0
    assert recipe.at_step(49, 3, 9).objective in {"relu3_1", "relu4_1"}
    assert recipe.at_step(50, 0, 0).objective == "relu4_1"
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_keyframes_are_read_from_a_file(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text('{"1s": {"objective": "relu2_1", "rotate": 5}, "0": {"rotate": 1}}')
    changes = parse_keyframes([str(path)], Fraction(30))
    assert [(c.frame, c.field, c.value, c.eased) for c in changes] == [
        (0, "rotate", 1, False), (30, "objective", "relu2_1", False), (30, "rotate", 5, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "offending"),
    [
        ("relu4_1", "relu4_1"),
        ("4:", "4:"),
        ("4x:relu4_1", "4x"),
        ("4:size=3", "size.*zoom"),
        ("4:zoom=much", "zoom.*much"),
        ("4:zoom=nan", "zoom.*nan"),
        ("4:zoom=99", "zoom.*99"),
    ],
)
def test_invalid_keyframes_are_refused_with_the_offending_value(text, offending):
    with pytest.raises(RecipeError, match=offending):
        with_keyframes(Recipe.complete({}), parse_keyframes([text], FPS))


@pytest.mark.parametrize("content", [None, "{", "[1]", '{"4s": 3}'])
def test_files_without_keyframes_are_refused_by_name(tmp_path, content):
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RecipeError, match=r"keys\.json"):
        parse_keyframes([str(path)], FPS)


def test_no_keyframes_leave_the_recipe_as_it_is():
    recipe = Recipe.complete({})
    assert with_keyframes(recipe, ()) is recipe


def test_layers_and_classes_are_objectives():
    changes = parse_keyframes(["0:layer=relu3_1", "2s:see=castle"], Fraction(10))
    assert [(one.frame, one.field, one.value) for one in changes] == [
        (0, "objective", "relu3_1"),
        (20, "objective", "see(castle)"),
    ]
    assert name_classes(changes)
    assert name_classes(parse_keyframes(["0:see(castle)"], Fraction(10)))
    assert not name_classes(changes[:1])
    assert parse_keyframes(["5:strength=50%"], Fraction(10))[0].value == 0.5

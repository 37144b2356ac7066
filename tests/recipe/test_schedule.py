import pytest

from puppyslug.labels import find_label
from puppyslug.recipe import Change, Recipe
from puppyslug.recipe.schedule import SCHEDULABLE_FIELDS, value_at


def zoom_at(changes: list[Change], frame: int, octave: int = 0, step: int = 0) -> object:
    return value_at(changes, 1.0, (frame, octave, step), find_label)


def test_every_schedulable_name_is_a_recipe_field():
    assert set(Recipe.model_fields) >= SCHEDULABLE_FIELDS


def test_changes_apply_from_their_position_on_in_any_order():
    changes = [Change(2, 1, 3, "zoom", 1.5), Change(0, 2, 0, "zoom", 1.2)]
    assert zoom_at(changes, 0, 1, 9) == 1.0
    assert zoom_at(changes, 0, 2, 0) == 1.2
    assert zoom_at(changes, 2, 1, 2) == 1.2
    assert zoom_at(changes, 2, 1, 3) == 1.5
    assert zoom_at(changes, 9) == 1.5


def test_eased_changes_are_interpolated_from_the_previous_change():
    changes = [Change(10, 0, 0, "zoom", 1.1), Change(20, 0, 0, "zoom", 1.2, eased=True)]
    assert zoom_at(changes, 9) == 1.0
    assert zoom_at(changes, 15) == pytest.approx(1.15)
    assert zoom_at(changes, 20) == 1.2


def test_an_eased_change_without_a_previous_one_starts_at_frame_0():
    assert zoom_at([Change(10, 0, 0, "zoom", 1.2, eased=True)], 5) == pytest.approx(1.1)


def test_within_a_frame_nothing_is_interpolated():
    changes = [Change(0, 0, 5, "zoom", 1.2, eased=True)]
    assert zoom_at(changes, 0, 0, 4) == 1.0

"""``puppyslug sheet``: one image per layer."""

import pytest

from puppyslug.cli import main, sheet
from puppyslug.cli.variations import choose_variations
from puppyslug.errors import RecipeError
from puppyslug.images import read_recipe_text
from puppyslug.recipe import PRESETS, Recipe, is_sheet, parse_settings
from puppyslug.recipe.defaults import MOVING_PRESETS
from support.commands import image_size, list_files, read_recipe, run_failing

FAST = ["--size", "60", "--octaves", "1", "--iterations", "1", "--quiet"]


def test_a_sheet_has_a_cell_for_the_photo_and_every_layer(folder, capsys, monkeypatch):
    from puppyslug.images import contact_sheet

    cells = []
    draw = contact_sheet.contact_sheet
    monkeypatch.setattr(
        contact_sheet, "contact_sheet", lambda given: (cells.extend(given), draw(given))[1]
    )
    assert main(["sheet", "cat.png", "--layers", "relu2_1,relu1_1,pool1", *FAST]) == 0
    assert capsys.readouterr().out == "cat.sheet.png\n"
    assert [cell.caption for cell in cells] == ["cat.png", "1  relu1_1", "2  pool1", "3  relu2_1"]
    assert {cell.picture.size for cell in cells} == {(60, 40)}
    width, height = image_size("cat.sheet.png")
    assert width >= 2 * 60
    assert height >= 2 * 40


def test_by_default_the_layers_are_those_of_the_network():
    recipe = Recipe.complete({})
    objectives = sheet._select_objectives(recipe, None)
    assert len(objectives) == 8
    assert str(objectives[0]).startswith(("relu1", "relu2"))


def test_an_interrupted_sheet_is_saved_as_it_is(folder, capsys, monkeypatch):
    run_steps = sheet.run_steps
    calls = []

    def interrupt_second(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            return None, KeyboardInterrupt()
        return run_steps(*arguments, **options)

    monkeypatch.setattr(sheet, "run_steps", interrupt_second)
    assert main(["sheet", "cat.png", "--layers", "relu1_1,relu1_2,pool1", *FAST]) == 130
    assert len(calls) == 2
    assert image_size("cat.sheet.png")[0] >= 2 * 60


def test_errors_name_the_wrong_value_and_write_nothing(folder, capsys):
    for arguments, part in (
        (["cat.png", "--layers", "relu9"], "relu9"),
        (["gone.png"], "gone.png"),
        (["cat.png", "-o", "cat.png", "--force"], "cat.png"),
    ):
        assert part in run_failing(capsys, "sheet", *arguments)
    assert list_files(folder) == {"cat.png"}


def vary(*texts, presets=False, seeds=None, strengths=False):
    return choose_variations(presets=presets, seeds=seeds, strengths=strengths, vary=texts)


def test_variations_are_all_combinations():
    assert [one.settings for one in vary("seed=1..3")] == [{"seed": n} for n in "123"]
    both = vary("seed=1..2", "octaves=3,5,7")
    assert len(both) == 6
    assert both[4].label == "seed 2, octaves 5"
    looks = [name for name in PRESETS if name not in {*MOVING_PRESETS, "named"}]
    assert [one.label for one in vary(presets=True)] == looks
    named = choose_variations(presets=True, names_thing=True)
    assert {one.label for one in named} == {*looks, "named"}
    assert len(vary(seeds=9)) == 9
    assert len(vary(seeds=3, strengths=True)) == 12
    values = [one.settings["strength"] for one in vary("strength=0.2..1..0.4")]
    assert values == ["0.2", "0.6", "1.0"]
    assert len(vary('objective=guide("a.jpg", relu4_1),relu3_1')) == 2


@pytest.mark.parametrize(
    ("texts", "part"),
    [
        (["sed=1..9"], "seed"), (["seed"], "values"), (["seed=1..999"], "range"),
        (["seed=9..1"], "range"), (["seed=1..20", "octaves=1..5"], "100 dreams"),
        (["seed=1", "seed=2"], "twice"), (["photo=a.jpg"], "photo"),
    ],
)  # fmt: skip
def test_variations_that_are_not_understood_are_refused(texts, part):
    with pytest.raises(RecipeError, match=part):
        vary(*texts)


def test_a_dream_of_a_sheet_is_dreamt_large_by_its_number(folder, capsys):
    options = ["--vary", "layer=relu1_1,relu2_1", "--vary", "seed=3,4", *FAST, "--quiet"]
    assert main(["sheet", "cat.png", *options]) == 0
    assert is_sheet(parse_settings(read_recipe_text("cat.sheet.png")))
    assert main(["redo", "cat.sheet.png", "--pick", "3", "--size", "90", "--quiet"]) == 0
    recipe = read_recipe("cat.sheet-3.png")
    assert (recipe.objective, recipe.seed) == ("relu2_1", 3)
    assert image_size("cat.sheet-3.png") == (90, 60)
    for arguments, part in (
        (["redo", "cat.sheet.png"], "--pick 4"),
        (["redo", "cat.sheet.png", "--pick", "5"], "--pick 4"),
        (["redo", "cat.sheet-3.png", "--pick", "1"], "single"),
        (["dream", "cat.png", "--recipe", "cat.sheet.png"], "--pick"),
    ):
        assert part in run_failing(capsys, *arguments)

"""``puppyslug sheet``: one image per layer."""

from puppyslug.cli import main, sheet
from puppyslug.recipe import Recipe
from support.commands import image_size, list_files, run_failing

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
    assert [cell.caption for cell in cells] == ["cat.png", "relu1_1", "pool1", "relu2_1"]
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

import pytest
from PIL import Image

from puppyslug.images.contact_sheet import Cell, contact_sheet, join_horizontally


def cells(count: int, caption: str = "caption", size=(200, 150)) -> list[Cell]:
    return [
        Cell(Image.new("RGB", size, (250 - 20 * number, 0, 0)), caption) for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 7, 12])
def test_every_picture_is_on_the_sheet(count):
    colours = {colour for _, colour in contact_sheet(cells(count)).getcolors(maxcolors=1 << 20)}
    assert {(250 - 20 * number, 0, 0) for number in range(count)} <= colours


def test_the_sheet_is_wider_than_high_and_mostly_full():
    sheet = contact_sheet(cells(12))
    assert 1 < sheet.width / sheet.height < 2.5
    assert sheet.width // 200 * (sheet.height // 150) <= 15


def test_a_long_caption_does_not_reach_into_the_next_cell():
    """The gap between two cells stays empty."""
    sheet = contact_sheet(cells(2, caption="a very long caption " * 9))
    margin = 8
    gap = sheet.crop((margin + 200, 0, 2 * margin + 200, sheet.height))
    assert len(gap.getcolors()) == 1


def test_a_note_is_drawn():
    (cell,) = cells(1)
    assert contact_sheet([cell]).tobytes() != contact_sheet([cell._replace(note="n")]).tobytes()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pictures_are_joined_in_their_mode(mode):
    row = join_horizontally([Image.new(mode, (3, 5), "red"), Image.new(mode, (4, 5), "blue")])
    assert (row.mode, row.size) == (mode, (7, 5))
    assert row.getpixel((2, 0))[:3] == (255, 0, 0)
    assert row.getpixel((3, 0))[:3] == (0, 0, 255)

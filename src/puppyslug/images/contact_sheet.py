"""Contact sheets: a grid of images with captions."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_BACKGROUND = (18, 18, 20)
_CAPTION_COLOUR = (236, 236, 236)
_NOTE_COLOUR = (150, 150, 156)
_ASPECT_RATIO = 1.5  # preferred ratio of width to height


class Cell(NamedTuple):
    """One cell of a contact sheet.

    Attributes:
        picture: the image.
        caption: text below the image.
        note: text in a fainter colour, on the right.
    """

    picture: Image.Image
    caption: str
    note: str = ""


def join_horizontally(pictures: Sequence[Image.Image]) -> Image.Image:
    """Join images of the same height and mode side by side."""
    width = sum(picture.width for picture in pictures)
    row = Image.new(pictures[0].mode, (width, pictures[0].height))
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width
    return row


def contact_sheet(cells: Sequence[Cell]) -> Image.Image:
    """Arrange images of the same size in a grid, row by row.

    Args:
        cells: at least one cell.

    Returns:
        An RGB image. The number of columns is a compromise between few empty cells and a width of
        one and a half times the height.
    """
    width, height = cells[0].picture.size
    margin = max(8, width // 40)
    font_size = max(13, width // 26)  # pixels
    font = ImageFont.load_default(font_size)
    line_height = int(font_size * 1.9)
    cell_size = width + margin, height + line_height
    columns = _choose_columns(len(cells), cell_size)
    rows = -(-len(cells) // columns)
    sheet = Image.new(
        "RGB", (columns * cell_size[0] + margin, rows * cell_size[1] + margin), _BACKGROUND
    )
    draw = ImageDraw.Draw(sheet)
    for index, cell in enumerate(cells):
        left = margin + index % columns * cell_size[0]
        top = margin + index // columns * cell_size[1]
        sheet.paste(cell.picture.convert("RGB"), (left, top))
        middle = top + height + line_height // 2
        caption_width = width - (font.getlength(f"{cell.note}  ") if cell.note else 0)
        caption = _truncate(cell.caption, font, caption_width)
        draw.text((left, middle), caption, _CAPTION_COLOUR, font, anchor="lm")
        draw.text((left + width, middle), cell.note, _NOTE_COLOUR, font, anchor="rm")
    return sheet


def _choose_columns(count: int, cell_size: tuple[int, int]) -> int:
    """Choose the number of columns for cells of this (width, height)."""

    def cost(columns: int) -> float:
        rows = -(-count // columns)
        aspect_ratio = columns * cell_size[0] / (rows * cell_size[1])
        return abs(math.log(aspect_ratio / _ASPECT_RATIO)) + (rows * columns - count) / count

    return min(range(1, count + 1), key=cost)


def _truncate(text: str, font: Font, width: float) -> str:
    """Shorten a text with an ellipsis until it fits into a width in pixels."""
    shortened = text
    while font.getlength(shortened) > width and len(shortened) > 1:
        text = text[:-1]
        shortened = f"{text.rstrip()}…"
    return shortened

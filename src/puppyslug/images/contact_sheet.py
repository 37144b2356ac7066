"""Contact sheets: pictures side by side, each with a caption."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_PAPER = (18, 18, 20)
_INK = (236, 236, 236)
_FAINT = (150, 150, 156)
_ASPECT = 1.5  # width to height that a sheet should be near


class Tile(NamedTuple):
    """One picture of a sheet: its caption, and a remark in fainter letters."""

    picture: Image.Image
    caption: str
    remark: str = ""


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """Put pictures of one height next to each other, in a row, in their own mode."""
    width = sum(picture.width for picture in pictures)
    row = Image.new(pictures[0].mode, (width, pictures[0].height))
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width
    return row


def contact_sheet(tiles: Sequence[Tile]) -> Image.Image:
    """Put pictures of one size side by side, row by row.

    Args:
        tiles: at least one; all pictures as large as the first.

    Returns:
        A picture of mode RGB with few empty places, about one and a half times as wide as high.
    """
    width, height = tiles[0].picture.size
    margin = max(8, width // 40)
    letters = max(13, width // 26)  # height of the letters, in pixels
    font = ImageFont.load_default(letters)
    line = int(letters * 1.9)

    def awkwardness(columns: int) -> float:
        rows = -(-len(tiles) // columns)
        aspect = columns * (width + margin) / (rows * (height + line))
        return abs(math.log(aspect / _ASPECT)) + (rows * columns - len(tiles)) / len(tiles)

    columns = min(range(1, len(tiles) + 1), key=awkwardness)
    rows = -(-len(tiles) // columns)
    sheet = Image.new(
        "RGB", (columns * (width + margin) + margin, rows * (height + line) + margin), _PAPER
    )
    draw = ImageDraw.Draw(sheet)
    for index, tile in enumerate(tiles):
        left = margin + index % columns * (width + margin)
        top = margin + index // columns * (height + line)
        sheet.paste(tile.picture.convert("RGB"), (left, top))
        middle = top + height + line // 2
        room = width - (font.getlength(f"{tile.remark}  ") if tile.remark else 0)
        draw.text((left, middle), _fitting(tile.caption, font, room), _INK, font, anchor="lm")
        draw.text((left + width, middle), tile.remark, _FAINT, font, anchor="rm")
    return sheet


def _fitting(text: str, font: Font, room: float) -> str:
    """As much of a text as there is room for."""
    shown = text
    while font.getlength(shown) > room and len(shown) > 1:
        text = text[:-1]
        shown = f"{text.rstrip()}…"
    return shown

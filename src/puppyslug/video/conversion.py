"""Converts decoded video frames to upright RGB pictures with square pixels."""

import struct
from fractions import Fraction
from typing import Any, NamedTuple

import cv2
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from numpy.typing import NDArray

from puppyslug.video.frames import Alpha, Pixels
from puppyslug.video.tone_mapping import HDR_TRANSFERS, to_sdr

BT709, BT601 = 1, 5  # FFmpeg's numbers of the colour spaces
KNOWN_COLOUR_SPACES = (BT709, BT601, 6, 9)
MIN_HD_HEIGHT = 720  # pixels; smaller videos without a colour space are taken for BT.601
MAX_PIXEL_ASPECT = 8  # ratios beyond it are damage


class Picture(NamedTuple):
    """A converted frame.

    Attributes:
        pixels: H×W×3 RGB, upright.
        alpha: H×W, its opacity; None if its format has no transparency.
    """

    pixels: Pixels
    alpha: Alpha | None = None


def convert_frame(frame: Any, pixel_aspect: Fraction | None = None) -> Picture:
    """Convert a frame that FFmpeg has decoded.

    Args:
        frame: the frame, whose display matrix rotates and mirrors it.
        pixel_aspect: width of a pixel relative to its height; None if unknown.
    """
    space = frame.colorspace
    if space not in KNOWN_COLOUR_SPACES:
        space = BT709 if frame.height >= MIN_HD_HEIGHT else BT601
    size = _square_pixel_size(frame, pixel_aspect)
    if frame.color_trc in HDR_TRANSFERS:
        deep = frame.reformat(format="rgb48le", src_colorspace=space, dst_colorspace=space, **size)
        pixels = to_sdr(deep.to_ndarray().astype(np.float32) / 65535, frame.color_trc)
    else:
        rgb = frame.reformat(
            format="rgb24", src_colorspace=space, src_color_range=frame.color_range or None, **size
        )
        pixels = rgb.to_ndarray()
    alpha = None
    if has_alpha(frame.format):
        alpha = frame.reformat(format="rgba", **size).to_ndarray()[..., 3]
    matrix = _display_matrix(frame)
    return Picture(
        orient(pixels, matrix), None if alpha is None else np.asarray(orient(alpha, matrix))
    )


def has_alpha(pixel_format: Any) -> bool:
    """Return whether frames of a PyAV pixel format can be transparent."""
    return bool(pixel_format.has_palette or any(part.is_alpha for part in pixel_format.components))


def orient(pixels: NDArray[np.uint8], matrix: tuple[int, ...] | None) -> NDArray[np.uint8]:
    """Rotate and mirror a picture as a display matrix says.

    Args:
        pixels: H×W or H×W×C.
        matrix: a, b, c and d, which map column p and row q to column a·p + c·q and row b·p + d·q;
            None for the identity. Angles between right angles are rounded.
    """
    a, b, c, d = matrix or (1, 0, 0, 1)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        mirrored, flipped = a < 0, d < 0
    else:
        pixels = pixels.swapaxes(0, 1)
        mirrored, flipped = c < 0, b < 0
    if mirrored:
        pixels = pixels[:, ::-1]
    if flipped:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def fit(picture: Picture, size: tuple[int, int]) -> Picture:
    """Scale a picture to fit a size, and add borders: black ones, transparent if it has alpha.

    Args:
        picture: the picture.
        size: (height, width) of the result.
    """
    height, width = picture.pixels.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner = (max(1, round(height * scale)), max(1, round(width * scale)))
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    borders = (top, size[0] - inner[0] - top, left, size[1] - inner[1] - left)

    def fit_channel(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        scaled = resize_pixels(pixels, inner)
        return np.asarray(cv2.copyMakeBorder(scaled, *borders, cv2.BORDER_CONSTANT), np.uint8)

    alpha = None if picture.alpha is None else fit_channel(picture.alpha)
    return Picture(fit_channel(picture.pixels), alpha)


def resize_pixels(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize H×W or H×W×C bytes to (height, width); returns them unchanged at that size."""
    if pixels.shape[:2] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _square_pixel_size(frame: Any, pixel_aspect: Fraction | None) -> dict[str, int | str]:
    """Return arguments of ``reformat`` that make pixels square, by enlarging one side."""
    if not pixel_aspect or pixel_aspect == 1:
        return {}
    if not 1 / MAX_PIXEL_ASPECT <= pixel_aspect <= MAX_PIXEL_ASPECT:
        return {}
    width, height = frame.width, frame.height
    if pixel_aspect > 1:
        width = round(width * pixel_aspect)
    else:
        height = round(height / pixel_aspect)
    return {"width": width, "height": height, "interpolation": "BICUBIC"}


def _display_matrix(frame: Any) -> tuple[int, ...] | None:
    data = frame.side_data.get(SideDataType.DISPLAYMATRIX)
    if data is None or len(bytes(data)) < 36:
        return None
    a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20])
    return (a, b, c, d) if a or b or c or d else None

"""Samples of any depth: their range, and their conversion to 8 bits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_STRIP = 1 << 21  # samples that are converted at a time, to limit memory
_FULL_SCALES = (255, 65_535)  # of 8 and 16 bits, for samples of a type with a wider range
_MAX_SIGNED, _MAX_UNSIGNED = 2**31 - 1, 2**32 - 1


class Range(NamedTuple):
    """The values that become black and white.

    Attributes:
        low: value of black.
        high: value of white.
        guessed: whether they were derived from the samples, not from their type.
    """

    low: float
    high: float
    guessed: bool = False

    def __str__(self) -> str:
        return f"{self.low:.6g} to {self.high:.6g}"


@dataclass(frozen=True)
class Samples:
    """An image as an array, in the depth of its file.

    Attributes:
        colour: H×W×C, C of 1 (grey), 3 (RGB) or 4 (CMYK).
        bits: bits per sample; None if the range cannot be derived from the type, as for floats.
        alpha: H×W, not premultiplied, of the same type; or None.
        inverted: whether the lowest value is white.
        profile: ICC profile; empty if there is none.
        orientation: EXIF orientation, 1 to 8.
    """

    colour: Array
    bits: int | None
    alpha: Array | None = None
    inverted: bool = False
    profile: bytes = b""
    orientation: int = 1

    def colour_range(self) -> Range:
        """Return the range of the colours."""
        return self._full_range() or guess_range(self.colour)

    def alpha_range(self) -> Range:
        """Return the range of the alpha channel, which starts at 0."""
        full = self._full_range()
        if full or self.alpha is None:
            return full or Range(0, 1)
        peak = guess_range(self.alpha).high
        return Range(0, next((top for top in (1, *_FULL_SCALES) if peak <= top), peak), True)

    def _full_range(self) -> Range | None:
        return None if self.bits is None else Range(0, 2**self.bits - 1)


def samples_of(array: Array, bits: int | None = None) -> Samples:
    """Create samples of an H×W or H×W×C array.

    Args:
        array: integers or floats.
        bits: bits per sample of unsigned integers; None for those of their type.
    """
    colour = array[..., None] if array.ndim == 2 else array
    kind = array.dtype
    if kind.kind == "b":
        return Samples(colour.astype(np.uint8), 1)
    # unsigned types of up to 16 bits are used to the full; wider ones often hold 8 or 16 bits
    if kind.kind == "u" and (bits or 8 * kind.itemsize) <= 16:
        return Samples(colour, bits or 8 * kind.itemsize)
    return Samples(colour, None)


def guess_range(values: Array) -> Range:
    """Derive the range of samples from their values.

    Floats within [0, 1] are taken as they are. Samples that fill at least half of 8, 16 or 32 bits
    have that range; all others range from their lowest to their highest value.
    """
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if values.dtype.kind == "f" and low >= 0 and high <= 1:
        return Range(0, 1)
    top = {"i": _MAX_SIGNED, "u": _MAX_UNSIGNED}.get(values.dtype.kind)
    if values.dtype.itemsize == 4 and top and low >= 0 and high > top / 2:
        return Range(0, top)
    if low >= 0:
        for full_scale in _FULL_SCALES:
            if full_scale / 2 < high <= full_scale:
                return Range(0, full_scale, guessed=True)
    return Range(low, high if high > low else low + 1, guessed=True)


def to_eight_bits(values: Array, range_: Range) -> Array:
    """Scale samples to 0…255; values outside the range are clipped, NaN becomes black."""
    return _scale(values, range_, 255, np.uint8)


def to_sixteen_bits(values: Array, range_: Range) -> Array:
    """Scale samples to 0…65535."""
    return _scale(values, range_, 65_535, np.uint16)


def unpremultiply(samples: Samples) -> Samples:
    """Divide premultiplied colours by their alpha."""
    assert samples.alpha is not None
    top = samples.alpha_range().high
    alpha = samples.alpha.astype(np.float64)[..., None] / top
    with np.errstate(all="ignore"):
        colour = np.where(alpha > 0, samples.colour / np.where(alpha > 0, alpha, 1), 0)
    if samples.colour.dtype.kind in "iu":
        limit = np.iinfo(samples.colour.dtype).max if samples.bits is None else 2**samples.bits - 1
        colour = colour.round().clip(None, limit)
    return replace(samples, colour=colour.astype(samples.colour.dtype))


def in_strips(values: Array, function: Callable[[Array], Array]) -> Array:
    """Apply a function to strips of rows, and join the results."""
    rows = max(1, _STRIP // max(1, values[:1].size))
    strips = [function(values[top : top + rows]) for top in range(0, len(values), rows)]
    return np.concatenate(strips)


def _scale(values: Array, range_: Range, top: int, kind: type[np.unsignedinteger[Any]]) -> Array:
    if values.dtype == kind and (range_.low, range_.high) == (0, top):
        return values
    factor = top / (range_.high - range_.low)

    def scale(strip: Array) -> Array:
        scaled = (strip.astype(np.float64) - range_.low) * factor
        return np.nan_to_num(scaled, nan=0, posinf=top, neginf=0).clip(0, top).round().astype(kind)

    return in_strips(values, scale)

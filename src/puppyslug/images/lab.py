"""Conversion of CIE L*a*b* to sRGB."""

import numpy as np

from puppyslug.images.samples import Array

_WHITE = np.array([0.96422, 1.0, 0.82521])  # D50, to which Lab colours in files refer
# XYZ relative to D50 to linear sRGB, with the Bradford adaptation to D65 (Lindbloom)
_TO_LINEAR = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def lab_to_srgb(lab: Array) -> Array:
    """Convert Lab colours; those outside of sRGB are clipped.

    Args:
        lab: …×3; L in [0, 100].

    Returns:
        …×3 float64 in [0, 1].
    """
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = _WHITE * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = (xyz @ _TO_LINEAR.T).clip(0, 1)
    srgb: Array = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return srgb

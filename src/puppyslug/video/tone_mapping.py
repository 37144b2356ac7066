"""Tone mapping of HDR video to standard dynamic range.

ITU-R BT.2100 (the PQ and HLG transfer functions), BT.2087 (conversion from BT.2020 to BT.709
primaries), and the tone curve of E. Reinhard et al., Photographic Tone Reproduction, 2002.
"""

import numpy as np

from puppyslug.video.frames import FloatArray, Pixels

PQ, HLG = 16, 18  # FFmpeg's numbers of the transfer functions
HDR_TRANSFERS = (PQ, HLG)
REFERENCE_WHITE = 203.0  # cd/m² (BT.2408)
PEAK_LUMINANCE = 1000.0  # cd/m² that are mapped to full white
_TO_BT709 = np.array(
    ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
    np.float32,
)


def to_sdr(pixels: FloatArray, transfer: int) -> Pixels:
    """Convert an HDR frame to sRGB.

    Args:
        pixels: H×W×3 in [0, 1], encoded with ``transfer``, BT.2020 primaries.
        transfer: ``PQ`` or ``HLG``.

    Returns:
        H×W×3 sRGB.
    """
    light = _linear_from_pq(pixels) if transfer == PQ else _linear_from_hlg(pixels)
    light = np.clip(light @ _TO_BT709.T, 0, None)
    level = light.max(-1, keepdims=True)
    white = PEAK_LUMINANCE / REFERENCE_WHITE
    light = light * (1 + level / white**2) / (1 + level) * (1 + 1) / (1 + 1 / white**2)
    light = np.clip(light, 0, 1)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(encoded * 255 + 0.5, np.uint8)


def _linear_from_pq(code: FloatArray) -> FloatArray:
    """Decode PQ to linear light, relative to the reference white."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = code ** (1 / m2)
    light = (np.clip(power - c1, 0, None) / (c2 - c3 * power)) ** (1 / m1)
    return np.asarray(light * (10_000 / REFERENCE_WHITE), np.float32)


def _linear_from_hlg(code: FloatArray) -> FloatArray:
    """Decode HLG to linear light on a display of 1000 cd/m², relative to the reference white."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    luminance = scene @ np.array((0.2627, 0.6780, 0.0593), np.float32)
    return np.asarray(
        scene * luminance[..., None] ** 0.2 * (PEAK_LUMINANCE / REFERENCE_WHITE), np.float32
    )

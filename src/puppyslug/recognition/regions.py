"""Parts of a picture by their light and colour: bright, dark, a colour, edges."""

import numpy as np

from puppyslug.recognition.segmentation import Pixels, Plane

_SOFTNESS = 16  # grey levels over which bright turns into dark
_COLOUR_SOFTNESS = 0.5  # of the tolerance, over which a colour fades out
_EDGE_QUANTILE = 0.9  # share of pixels whose slope is too small for an edge
_EDGE_WIDTH = 1 / 150  # of the longer side
_MIN_CONTRAST = 8  # grey levels; flatter pictures have neither bright parts nor edges


def bright_mask(pixels: Pixels) -> Plane:
    """Compute which part is bright: above the threshold of Otsu (1979), with a soft transition.

    Args:
        pixels: H×W×3 RGB.

    Returns:
        H×W in [0, 1]; ``1 -`` it is the dark part. 0 everywhere if the picture is flat.
    """
    import cv2

    grey = cv2.GaussianBlur(_grey(pixels), (0, 0), max(1.0, max(pixels.shape) / 300))
    if float(grey.max()) - float(grey.min()) < _MIN_CONTRAST:
        return np.zeros(grey.shape, np.float32)
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return _ramp(grey.astype(np.float32) - threshold, _SOFTNESS / 2)


def colour_mask(pixels: Pixels, colour: str, tolerance: float) -> Plane:
    """Compute where a picture has a colour.

    Lightness counts half, so that light and shade on a surface are of one colour.

    Args:
        pixels: H×W×3 RGB.
        colour: as ``#rrggbb``.
        tolerance: distance in CIE L*a*b* up to which a colour is the same.

    Returns:
        H×W in [0, 1].
    """
    sample = np.array([[[int(colour[i : i + 2], 16) for i in (1, 3, 5)]]], np.uint8)
    difference = (to_lab(pixels) - to_lab(sample)) * np.array([0.5, 1, 1], np.float32)
    distance = np.linalg.norm(difference, axis=2).astype(np.float32)
    softness = tolerance * _COLOUR_SOFTNESS
    return _ramp(tolerance - distance + softness / 2, softness / 2)


def edge_mask(pixels: Pixels) -> Plane:
    """Compute where the outlines of things are (Canny, 1986), widened to a band.

    Args:
        pixels: H×W×3 RGB.

    Returns:
        H×W in [0, 1]; 0 everywhere if the picture is flat.
    """
    import cv2

    side = max(pixels.shape)
    grey = cv2.GaussianBlur(_grey(pixels), (0, 0), max(1.0, side / 400))
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    high = max(float(np.quantile(slope, _EDGE_QUANTILE)), 2.0 * _MIN_CONTRAST)
    found = cv2.Canny(grey, 0.4 * high, high, L2gradient=True)
    width = 2 * round(side * _EDGE_WIDTH) + 1
    band = cv2.dilate(found, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)))
    soft = cv2.GaussianBlur(band, (0, 0), width / 4)
    return np.asarray(soft, np.float32) / np.float32(255)


def to_lab(pixels: Pixels) -> Plane:
    """Convert H×W×3 RGB of 0 to 255 to CIE L*a*b*, L* from 0 to 100."""
    import cv2

    lab = cv2.cvtColor(pixels.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab)
    return np.asarray(lab, np.float32)


def _grey(pixels: Pixels) -> Pixels:
    import cv2

    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8)


def _ramp(values: Plane, width: float) -> Plane:
    """Map values from -width to width to 0 to 1."""
    return np.asarray((values / (2 * width) + 0.5).clip(0, 1), np.float32)

"""Parts of a picture by their light and colour: bright, dark, a colour, edges, the foreground."""

import numpy as np

from puppyslug.recognition.segmentation import Pixels, Plane, Trimap, segment

_SOFTNESS = 16  # grey levels over which bright turns into dark
_COLOUR_SOFTNESS = 0.5  # of the tolerance, over which a colour fades out
_EDGE_QUANTILE = 0.9  # share of pixels whose slope is too small for an edge
_EDGE_WIDTH = 1 / 150  # of the longer side
_MIN_CONTRAST = 8  # grey levels; flatter pictures have neither bright parts nor edges
_BORDER = 1 / 25  # of each side, which is taken as background
_BORDER_COLOURS = 5  # colours of the background
_MAX_BORDER_POINTS = 4000


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
    difference = (_lab(pixels) - _lab(sample)) * np.array([0.5, 1, 1], np.float32)
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


def foreground_mask(pixels: Pixels) -> Plane:
    """Compute what stands out from the border of the picture.

    The colours along the border are the background's; what differs most from them starts GrabCut.

    Args:
        pixels: H×W×3 RGB.

    Returns:
        H×W, 0 or 1; 0 everywhere if nothing stands out.
    """
    import cv2

    height, width = pixels.shape[:2]
    rows, columns = max(1, round(height * _BORDER)), max(1, round(width * _BORDER))
    border = np.ones((height, width), bool)
    border[rows:-rows, columns:-columns] = False
    lab = _lab(pixels)
    distance = _distance_from(lab, _main_colours(lab[border]))
    if float(distance.max()) < _MIN_CONTRAST:
        return np.zeros((height, width), np.float32)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    smooth = cv2.GaussianBlur(distance, (0, 0), max(height, width) / 60)
    saliency = smooth * np.exp(-(x**2 + y**2))
    levels = (255 * saliency / saliency.max()).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    trimap = Trimap(np.where(levels > threshold, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8))
    trimap.labels[border] = cv2.GC_BGD
    return segment(pixels, trimap)


def _main_colours(colours: Plane) -> Plane:
    """Return the main colours of N×3 points, _BORDER_COLOURS×3, by k-means."""
    import cv2

    points = np.ascontiguousarray(colours[:: max(1, len(colours) // _MAX_BORDER_POINTS)])
    count = min(_BORDER_COLOURS, len(points))
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    cv2.setRNGSeed(0)
    _, _, centres = cv2.kmeans(points, count, None, criteria, 2, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    return np.asarray(centres, np.float32)


def _distance_from(lab: Plane, colours: Plane) -> Plane:
    distances = [np.linalg.norm(lab - colour, axis=2) for colour in colours]
    return np.asarray(np.min(distances, axis=0), np.float32)


def _lab(pixels: Pixels) -> Plane:
    import cv2

    lab = cv2.cvtColor(pixels.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab)
    return np.asarray(lab, np.float32)


def _grey(pixels: Pixels) -> Pixels:
    import cv2

    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8)


def _ramp(values: Plane, width: float) -> Plane:
    """Map values from -width to width to 0 to 1."""
    return np.asarray((values / (2 * width) + 0.5).clip(0, 1), np.float32)

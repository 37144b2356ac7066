"""Segmentation of a picture into foreground and background by GrabCut."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Confidence = Literal["possible", "likely", "certain"]

_ITERATIONS = 4
_SEED = 3  # of OpenCV's random numbers, with which GrabCut starts its mixtures
CLOSING = 1 / 100  # of the longer side, up to which holes are closed


class Trimap:
    """What is known of each pixel before the segmentation.

    Attributes:
        labels: H×W, OpenCV's ``GC_BGD``, ``GC_FGD``, ``GC_PR_BGD`` or ``GC_PR_FGD``.
    """

    def __init__(self, labels: Pixels) -> None:
        self.labels = labels

    @classmethod
    def background(cls, pixels: Pixels) -> "Trimap":
        """Create one of certain background."""
        import cv2

        return cls(np.full(pixels.shape[:2], cv2.GC_BGD, np.uint8))

    def add_ellipse(
        self, centre: tuple[float, float], radii: tuple[float, float], confidence: Confidence
    ) -> None:
        """Mark an ellipse as foreground; centre and radii are (x, y)."""
        import cv2

        (x, y), (width, height) = centre, radii
        box = ((x, y), (2 * width, 2 * height), 0.0)
        cv2.ellipse(self.labels, box, _label(confidence), thickness=-1)

    def add_rectangle(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Mark a rectangle as possible foreground; corners are (x, y)."""
        (left, top), (right, bottom) = start, end
        rows = slice(max(0, round(top)), max(0, round(bottom)))
        columns = slice(max(0, round(left)), max(0, round(right)))
        self.labels[rows, columns] = _label("possible")


def segment(pixels: Pixels, trimap: Trimap, *, closing: float = CLOSING) -> Plane:
    """Find the foreground (Rother, Kolmogorov and Blake, "GrabCut", 2004).

    Only parts that touch certain or likely foreground are kept, and holes are filled.

    Args:
        pixels: H×W×3 RGB.
        trimap: what is known.
        closing: width of the gaps that are closed, as a share of the longer side.

    Returns:
        H×W, 0 or 1.
    """
    import cv2

    labels = trimap.labels.copy()
    seeds = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if not seeds.any() or seeds.all():
        return np.asarray(seeds, np.float32)
    models: tuple[Any, Any] = (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.setRNGSeed(_SEED)
    cv2.grabCut(pixels, labels, None, *models, _ITERATIONS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    found = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    found = _morphology(found, cv2.MORPH_OPEN, CLOSING)
    found |= (trimap.labels == cv2.GC_FGD).astype(np.uint8)
    found = _morphology(found, cv2.MORPH_CLOSE, closing)
    return np.asarray(_keep_parts(found, seeds), np.float32)


def _morphology(mask: Pixels, operation: int, width: float) -> Pixels:
    """Open or close a mask; the width is a share of the longer side."""
    import cv2

    size = 2 * round(max(mask.shape) * width) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray(cv2.morphologyEx(mask, operation, kernel), np.uint8)


def _keep_parts(found: Pixels, seeds: NDArray[np.bool_]) -> Pixels:
    """Return the connected parts that contain a seed, with their holes filled."""
    import cv2

    _, parts = cv2.connectedComponents(found)
    kept = np.unique(parts[seeds & (found > 0)])
    result = np.isin(parts, kept[kept > 0]).astype(np.uint8)
    outlines, _ = cv2.findContours(result, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(result, outlines, -1, 1, thickness=-1), np.uint8)


def _label(confidence: Confidence) -> int:
    import cv2

    labels = {"possible": cv2.GC_PR_BGD, "likely": cv2.GC_PR_FGD, "certain": cv2.GC_FGD}
    return labels[confidence]

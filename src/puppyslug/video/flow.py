"""Optical flow, and detail carried along it (OpenCV's DIS).

T. Kroeger et al.: Fast Optical Flow using Dense Inverse Search, 2016, arXiv:1603.03590.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from puppyslug.video.reader import Pixels

Array = NDArray[np.float32]
AGREEMENT = 1.0  # pixels by which there and back may differ
SOFTNESS = 1.5  # pixels over which a carried detail ends


def flow_between(current: Pixels, previous: Pixels) -> Array:
    """Where each pixel of a frame was in another.

    Args:
        current: H×W×3.
        previous: H×W×3.

    Returns:
        H×W×2, (x, y) to add to a pixel's place in ``current`` to find it in ``previous``.
    """
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (current, previous)]
    if min(grey[0].shape) < 16:  # too small for DIS
        return np.zeros((*grey[0].shape, 2), np.float32)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    nothing = np.zeros((*grey[0].shape, 2), np.float32)
    return np.asarray(search.calc(grey[0], grey[1], nothing), np.float32)


def carried(array: Array, flow: Array) -> Array:
    """What lies where the flow points, for every pixel: H×W×C, 0 from outside."""
    return np.asarray(
        cv2.remap(
            array,
            *_places(flow),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
        ),
        np.float32,
    )


def trusted(there: Array, back: Array) -> Array:
    """Where a flow and the one back agree, and stay inside: H×W in [0, 1], with soft edges.

    Elsewhere something was uncovered, or came in from outside.

    Args:
        there: from the current frame to the previous one.
        back: from the previous frame to the current one.
    """
    height, width = there.shape[:2]
    across, down = _places(there)
    returned = cv2.remap(back, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    agrees = np.linalg.norm(there + returned, axis=-1) < AGREEMENT
    inside = (across >= 0) & (across <= width - 1) & (down >= 0) & (down <= height - 1)
    sure = cv2.erode((agrees & inside).astype(np.float32), np.ones((3, 3), np.float32))
    return np.asarray(cv2.GaussianBlur(sure, (0, 0), SOFTNESS), np.float32)


def _places(flow: Array) -> tuple[Array, Array]:
    """Where a flow points: columns and rows, H×W each."""
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]]
    return (
        np.asarray(columns + flow[..., 0], np.float32),
        np.asarray(rows + flow[..., 1], np.float32),
    )

"""Optical flow (OpenCV's DIS), and warping along it.

T. Kroeger et al.: Fast Optical Flow using Dense Inverse Search, 2016, arXiv:1603.03590.
"""

import cv2
import numpy as np

from puppyslug.video.frames import FloatArray, Pixels

MIN_DIS_SIDE = 16  # pixels; DIS fails on smaller frames
MAX_CYCLE_ERROR = 1.0  # pixels by which forward and backward flow may disagree
CONFIDENCE_BLUR = 1.5  # pixels, standard deviation; softens the edges of the confidence


def compute_flow(current: Pixels, previous: Pixels) -> FloatArray:
    """Compute where each pixel of a frame was in the previous frame.

    Args:
        current: H×W×3.
        previous: H×W×3.

    Returns:
        H×W×2, the (x, y) offset from a pixel in ``current`` to the same point in ``previous``;
        zero for frames smaller than 16 pixels.
    """
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (current, previous)]
    initial = np.zeros((*grey[0].shape, 2), np.float32)
    if min(grey[0].shape) < MIN_DIS_SIDE:
        return initial
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(search.calc(grey[0], grey[1], initial), np.float32)


def warp(array: FloatArray, flow: FloatArray) -> FloatArray:
    """Sample an H×W×C array at the positions that a flow points to; 0 outside of the array."""
    return np.asarray(
        cv2.remap(
            array,
            *_sample_positions(flow),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
        ),
        np.float32,
    )


def flow_confidence(flow: FloatArray, reverse: FloatArray) -> FloatArray:
    """Compute where a flow can be trusted, by forward–backward consistency.

    Args:
        flow: from the current frame to the previous one.
        reverse: from the previous frame to the current one.

    Returns:
        H×W in [0, 1] with soft edges: 1 where the two agree, 0 where something was uncovered or
        has entered the frame.
    """
    height, width = flow.shape[:2]
    x, y = _sample_positions(flow)
    returned = cv2.remap(reverse, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    consistent = np.linalg.norm(flow + returned, axis=-1) < MAX_CYCLE_ERROR
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    confident = cv2.erode((consistent & inside).astype(np.float32), np.ones((3, 3), np.float32))
    return np.asarray(cv2.GaussianBlur(confident, (0, 0), CONFIDENCE_BLUR), np.float32)


def _sample_positions(flow: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the x and y coordinates that a flow points to, H×W each."""
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]]
    return (
        np.asarray(columns + flow[..., 0], np.float32),
        np.asarray(rows + flow[..., 1], np.float32),
    )

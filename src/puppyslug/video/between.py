"""Frames between two dreamt ones: the dream of both is moved to them along the optical flow."""

import numpy as np

from puppyslug.video.flow import compute_flow, flow_confidence, warp
from puppyslug.video.frames import FloatArray, Pixels

MIN_WEIGHT = 1e-3  # of both neighbours, below which the nearer one is used although unreliable


def move_detail(
    detail: FloatArray, current: Pixels, other: Pixels, *, by_flow: bool
) -> tuple[FloatArray, FloatArray]:
    """Move the detail of one frame to where it belongs in another one.

    Args:
        detail: H×W×3, of the frame ``other``.
        current: H×W×3, the frame that gets the detail.
        other: H×W×3.
        by_flow: whether it moves along the optical flow; otherwise it stays in place.

    Returns:
        The moved detail, H×W×3, and how far each pixel can be trusted, H×W in [0, 1].
    """
    if not by_flow:
        return detail, np.ones(detail.shape[:2], np.float32)
    flow = compute_flow(current, other)
    return warp(detail, flow), flow_confidence(flow, compute_flow(other, current))


def blend_neighbours(
    before: tuple[FloatArray, FloatArray], after: tuple[FloatArray, FloatArray], fraction: float
) -> FloatArray:
    """Blend the details of two dreamt frames in a frame between them.

    What only one of the two shows is taken from that one; what neither shows, from the nearer.

    Args:
        before: what ``move_detail`` returns for the earlier frame.
        after: likewise for the later one.
        fraction: position between the two, from 0 to 1.

    Returns:
        H×W×3.
    """
    weights = before[1] * np.float32(1 - fraction), after[1] * np.float32(fraction)
    total = weights[0] + weights[1]
    nearer = before[0] if fraction <= 0.5 else after[0]
    blended = before[0] * weights[0][..., None] + after[0] * weights[1][..., None]
    blended /= np.maximum(total, MIN_WEIGHT)[..., None]
    share = np.minimum(total / MIN_WEIGHT, 1)[..., None]
    return np.asarray(nearer + (blended - nearer) * share, np.float32)

"""A frame that continues from the previous one: its detail, moved, refreshed and held steady."""

from typing import NamedTuple

import numpy as np
from torch import Tensor

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.recipe import Recipe
from puppyslug.video.between import move_detail
from puppyslug.video.frames import FloatArray, Pixels, as_array, as_tensor
from puppyslug.video.zoom import StepCallback

MIN_STEP_SIZE = 0.01  # grey levels
MAX_GAIN = 1.02  # by which a frame may amplify the detail to restore its strength


class WarpState(NamedTuple):
    """What a frame takes over from the previous one.

    Attributes:
        detail: H×W×3, the dream minus the source.
        strength: mean |detail| of the segment's first frame.
        colour: mean of each channel of the first frame's detail.
    """

    detail: FloatArray
    strength: float
    colour: FloatArray

    @classmethod
    def from_detail(cls, detail: FloatArray) -> "WarpState":
        """Measure the detail of a segment's first frame."""
        return cls(detail, float(np.abs(detail).mean()), detail.mean((0, 1)))


def warp_detail(
    detail: FloatArray, current: Pixels, previous: Pixels, *, by_flow: bool
) -> tuple[FloatArray, float]:
    """Move the previous frame's detail to where it belongs in the current frame.

    Returns:
        H×W×3, 0 where the flow is unreliable, and that area's share of the frame.
    """
    moved, trusted = move_detail(detail, current, previous, by_flow=by_flow)
    return moved * trusted[..., None], float(1 - trusted.mean())


def dream_frame(
    frame: PreparedDream,
    number: int,
    recipe: Recipe,
    seed: int,
    detail: FloatArray | None,
    on_step: StepCallback | None,
) -> FloatArray:
    """Dream a frame, starting from ``detail``, without blending it with the source; H×W×3."""
    for step in dream_steps(
        frame,
        recipe,
        detail=None if detail is None else as_tensor(detail).to(frame.image.device),
        frame=number,
        seeded=seed,
    ):
        if on_step is not None:
            on_step(step)
    return as_array(step.image)


def stabilise(
    detail: FloatArray,
    previous: WarpState,
    gain: float,
    mask: Tensor | None,
    *,
    max_gain: float = MAX_GAIN,
) -> WarpState:
    """Restore the strength and the mean colour of the segment's first frame.

    Args:
        detail: H×W×3.
        previous: state after the previous frame.
        gain: factor by which keyframes have changed the strength since the first frame.
        mask: 1×1×H×W in [0, 1], or None.
        max_gain: largest factor by which the detail is amplified.
    """
    shift = detail.mean((0, 1)) - previous.colour
    detail = detail - (shift if mask is None else shift * (as_array(mask) > 0))
    strength = float(np.abs(detail).mean())
    if strength:
        detail = detail * np.float32(min(previous.strength * gain / strength, max_gain))
    return previous._replace(detail=detail)

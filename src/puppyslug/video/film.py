"""Dreams a film with temporal consistency: the dreamt detail moves with the picture under it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from torch import Tensor

from puppyslug.engine.blending import blend_by_recipe
from puppyslug.engine.loop import dream_steps
from puppyslug.engine.masks import compute_mask
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.recipe import FrameValues, Recipe
from puppyslug.video.container import VideoSource
from puppyslug.video.conversion import resize_pixels
from puppyslug.video.flow import compute_flow, flow_confidence, warp
from puppyslug.video.frames import (
    Alpha,
    FloatArray,
    Pixels,
    RenderedFrame,
    ResumeState,
    as_array,
    as_tensor,
    to_pixels,
)
from puppyslug.video.reader import read_frames
from puppyslug.video.segments import OPAQUE, Segment
from puppyslug.video.zoom import StepCallback

MAX_OCTAVES = 2  # of a frame that continues from the previous one
ITERATION_SHARE = 0.2  # of a still picture's iterations, for such a frame
MAX_CHANGE = 0.35  # of the detail's strength, by which all steps of such a frame may change it
MAX_GAIN = 1.02  # by which a frame may amplify the detail to restore its strength
MIN_STEP_SIZE = 0.01  # grey levels
MaskFunction = Callable[[Tensor], Tensor | None]  # 1×3×H×W picture to 1×1×H×W mask


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


def dream_segment(
    prepared: PreparedDream,
    source: VideoSource,
    segment: Segment,
    state: ResumeState,
    *,
    by_flow: bool = True,
    values: FrameValues | None = None,
) -> Iterator[RenderedFrame]:
    """Dream a segment of a video file.

    Args:
        prepared: the prepared dream; its picture has the size at which frames are dreamt.
        source: the video.
        segment: which frames to dream.
        state: state of the last rendered frame; empty at the segment's start.
        by_flow: as in ``dream_frames``.
        values: as in ``dream_frames``.

    Yields:
        The remaining frames.
    """

    def mask_function(image: Tensor) -> Tensor | None:
        recipe, network = prepared.recipe, prepared.network
        return compute_mask(recipe, network, image, allow_empty=True)[0]

    return dream_frames(
        prepared,
        _read_resized(source, segment.first, prepared.size),
        segment,
        state=state,
        mask_function=mask_function if isinstance(prepared.recipe.mask, str) else None,
        by_flow=by_flow,
        values=values,
    )


def _read_resized(source: VideoSource, first: int, size: tuple[int, int]) -> Iterator[Pixels]:
    """Read the frames of a video from ``first`` on, resized to (height, width)."""
    for frame in read_frames(source, first=first):
        yield resize_pixels(frame.pixels, size)


def read_alphas(source: VideoSource, size: tuple[int, int]) -> Iterator[Alpha]:
    """Read the opacity of all frames of a video, resized to (height, width)."""
    for frame in read_frames(source):
        alpha = frame.alpha
        if alpha is None:
            alpha = np.full(size, OPAQUE, np.uint8)
        yield resize_pixels(alpha, size)


def dream_frames(
    prepared: PreparedDream,
    sources: Iterator[Pixels],
    segment: Segment,
    *,
    state: ResumeState | None = None,
    mask_function: MaskFunction | None = None,
    by_flow: bool = True,
    values: FrameValues | None = None,
    on_step: StepCallback | None = None,
) -> Iterator[RenderedFrame]:
    """Dream the frames of a segment.

    The first frame is dreamt like a picture. Every other one starts from the previous frame's
    detail, warped along the optical flow, and is dreamt from scratch where the flow is unreliable
    because something was uncovered. A few steps then refresh the detail. Its strength and mean
    colour are kept at those of the first frame, so that it neither grows nor fades.

    Args:
        prepared: the prepared dream; its picture is ignored.
        sources: the film's frames from the segment's first one on, H×W×3, of the picture's size.
        segment: which frames to dream.
        state: state of the last rendered frame, to resume after it; ``sources`` must begin at
            the segment's first frame nevertheless.
        mask_function: computes the mask of each frame; None for ``prepared.mask``.
        by_flow: whether detail moves along the optical flow; otherwise it stays in place.
        values: values of the recipe's curves for each frame, from ``evaluate_curves``.
        on_step: called with every step.

    Yields:
        The remaining frames.
    """
    done = int(state["next"]) if state else 0
    warp_state: WarpState | None = None
    if state:
        warp_state = WarpState(state["detail"], float(state["strength"]), state["colour"])
    previous: Pixels | None = None
    first = prepared.recipe.for_frame(segment.first, values).at_step(segment.first, 0, 0)
    for index, (number, pixels) in enumerate(
        zip(range(segment.first, segment.last), sources, strict=False)
    ):
        if index >= done:
            source = np.asarray(pixels, np.float32) / np.float32(255)
            recipe = prepared.recipe.for_frame(number, values)
            image = as_tensor(source).to(prepared.image.device)
            frame = replace(prepared, image=image, recipe=recipe)
            if mask_function is not None:
                frame = replace(frame, mask=mask_function(frame.image))
            if warp_state is None or previous is None:
                dream = _dream_frame(frame, number, recipe, segment.first, None, on_step)
                warp_state = WarpState.from_detail(dream - source)
            else:
                warped = _warp_detail(warp_state.detail, pixels, previous, by_flow=by_flow)
                recipe, gain = _continuation_recipe(recipe, number, first, warped, warp_state)
                dream = _dream_frame(frame, number, recipe, segment.first, warped[0], on_step)
                warp_state = _stabilise(dream - source, warp_state, gain, frame.mask)
            yield _render(frame, warp_state, index + 1)
        previous = pixels


def _warp_detail(
    detail: FloatArray, current: Pixels, previous: Pixels, *, by_flow: bool
) -> tuple[FloatArray, float]:
    """Move the previous frame's detail to where it belongs in the current frame.

    Returns:
        H×W×3, 0 where the flow is unreliable, and that area's share of the frame.
    """
    if not by_flow:
        return detail, 0.0
    flow = compute_flow(current, previous)
    confidence = flow_confidence(flow, compute_flow(previous, current))
    return warp(detail, flow) * confidence[..., None], float(1 - confidence.mean())


def _continuation_recipe(
    recipe: Recipe,
    number: int,
    first: Recipe,
    warped: tuple[FloatArray, float],
    previous: WarpState,
) -> tuple[Recipe, float]:
    """Compute the recipe of a frame that continues from the previous one.

    Args:
        recipe: recipe of the frame.
        number: index of the frame.
        first: recipe of the segment's first frame.
        warped: the previous frame's detail in this frame, and the share of the frame that is dreamt
            from scratch.
        previous: state after the previous frame.

    Returns:
        A recipe of few octaves and iterations, whose step size is limited to avoid flicker; and
        the factor by which keyframes have changed the step size since the segment's first frame.
    """
    share = ITERATION_SHARE + (1 - ITERATION_SHARE) * warped[1]
    now = recipe.at_step(number, 0, 0)
    gain = now.step_size / first.step_size
    limit = MAX_CHANGE * previous.strength * gain * 255 / (ITERATION_SHARE * recipe.iterations)
    step_size = min(now.step_size, max(limit, MIN_STEP_SIZE))
    return recipe.with_settings(
        {
            "octaves": min(MAX_OCTAVES, recipe.octaves),
            "iterations": max(1, round(recipe.iterations * share)),
            "count": None,
            "step_size": step_size,
            "soften": 0.0,  # warping already blurs
            "schedule": tuple(one for one in recipe.schedule if one.field != "step_size"),
        }
    ), gain


def _dream_frame(
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


def _stabilise(
    detail: FloatArray, previous: WarpState, gain: float, mask: Tensor | None
) -> WarpState:
    """Restore the strength and the mean colour of the segment's first frame.

    Args:
        detail: H×W×3.
        previous: state after the previous frame.
        gain: factor by which keyframes have changed the strength since the first frame.
        mask: 1×1×H×W in [0, 1], or None.
    """
    shift = detail.mean((0, 1)) - previous.colour
    detail = detail - (shift if mask is None else shift * (as_array(mask) > 0))
    strength = float(np.abs(detail).mean())
    if strength:
        detail = detail * np.float32(min(previous.strength * gain / strength, MAX_GAIN))
    return previous._replace(detail=detail)


def _render(frame: PreparedDream, warp_state: WarpState, done: int) -> RenderedFrame:
    """Blend a dream with its source as the recipe says, and attach the state to resume from."""
    dream = np.clip(as_array(frame.image) + warp_state.detail, 0, 1)
    blended = blend_by_recipe(as_tensor(dream).to(frame.image.device), frame.image, frame.recipe)
    state = {
        "detail": warp_state.detail,
        "strength": np.array(warp_state.strength),
        "colour": warp_state.colour,
        "next": np.array(done),
    }
    return RenderedFrame(to_pixels(as_array(blended)), state)

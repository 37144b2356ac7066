"""Dreams a film with temporal consistency: the dreamt detail moves with the picture under it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from torch import Tensor

from puppyslug.engine.blending import blend_by_recipe
from puppyslug.engine.masks import compute_mask
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.recipe import Recipe
from puppyslug.video.container import VideoSource
from puppyslug.video.continuation import (
    MIN_STEP_SIZE,
    WarpState,
    dream_frame,
    stabilise,
    warp_detail,
)
from puppyslug.video.conversion import resize_pixels
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
MaskFunction = Callable[[Tensor], Tensor | None]  # 1×3×H×W picture to 1×1×H×W mask


def dream_segment(
    prepared: PreparedDream,
    source: VideoSource,
    segment: Segment,
    state: ResumeState,
    *,
    by_flow: bool = True,
) -> Iterator[RenderedFrame]:
    """Dream a segment of a video file.

    Args:
        prepared: the prepared dream; its picture has the size at which frames are dreamt.
        source: the video.
        segment: which frames to dream.
        state: state of the last rendered frame; empty at the segment's start.
        by_flow: as in ``dream_frames``.

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
        on_step: called with every step.

    Yields:
        The remaining frames.
    """
    done = int(state["next"]) if state else 0
    warp_state: WarpState | None = None
    if state:
        warp_state = WarpState(state["detail"], float(state["strength"]), state["colour"])
    previous: Pixels | None = None
    for index, (number, pixels) in enumerate(
        zip(range(segment.first, segment.last), sources, strict=False)
    ):
        if index >= done:
            source = np.asarray(pixels, np.float32) / np.float32(255)
            frame = replace(prepared, image=as_tensor(source).to(prepared.image.device))
            if mask_function is not None:
                frame = replace(frame, mask=mask_function(frame.image))
            if warp_state is None or previous is None:
                recipe = frame.recipe.for_frame(number)
                dream = dream_frame(frame, number, recipe, segment.first, None, on_step)
                warp_state = WarpState.from_detail(dream - source)
            else:
                warped = warp_detail(warp_state.detail, pixels, previous, by_flow=by_flow)
                warp_state = _continue(frame, number, segment.first, warp_state, warped, on_step)
            yield _render(frame, number, warp_state, index + 1)
        previous = pixels


def _continue(
    frame: PreparedDream,
    number: int,
    first: int,
    previous: WarpState,
    warped: tuple[FloatArray, float],
    on_step: StepCallback | None,
) -> WarpState:
    """Dream a frame that continues from the previous one.

    Args:
        frame: the prepared dream of the frame.
        number: index of the frame.
        first: index of the segment's first frame.
        previous: state after the previous frame.
        warped: its detail in the current frame, and the uncovered share of that.
        on_step: called with every step.
    """
    detail, uncovered = warped
    recipe, gain = _continuation_recipe(frame.recipe, number, first, uncovered, previous.strength)
    dream = dream_frame(frame, number, recipe, first, detail, on_step)
    return stabilise(dream - as_array(frame.image), previous, gain, frame.mask)


def _continuation_recipe(
    recipe: Recipe, number: int, first: int, uncovered: float, strength: float
) -> tuple[Recipe, float]:
    """Compute the recipe of a frame that continues from the previous one.

    Args:
        recipe: recipe of the film.
        number: index of the frame.
        first: index of the segment's first frame.
        uncovered: share of the frame that is dreamt from scratch.
        strength: mean |detail| of the segment's first frame, relative to full scale.

    Returns:
        A recipe of few octaves and iterations, whose step size is limited to avoid flicker; and
        the factor by which keyframes have changed the step size since the segment's first frame.
    """
    share = ITERATION_SHARE + (1 - ITERATION_SHARE) * uncovered
    now = recipe.at_step(number, 0, 0)
    gain = now.step_size / recipe.at_step(first, 0, 0).step_size
    recipe = recipe.for_frame(number)
    limit = MAX_CHANGE * strength * gain * 255 / (ITERATION_SHARE * recipe.iterations)
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


def _render(frame: PreparedDream, number: int, warp_state: WarpState, done: int) -> RenderedFrame:
    """Blend a dream with its source as the recipe says, and attach the state to resume from."""
    recipe = frame.recipe.for_frame(number)
    dream = np.clip(as_array(frame.image) + warp_state.detail, 0, 1)
    blended = blend_by_recipe(as_tensor(dream).to(frame.image.device), frame.image, recipe)
    state = {
        "detail": warp_state.detail,
        "strength": np.array(warp_state.strength),
        "colour": warp_state.colour,
        "next": np.array(done),
    }
    return RenderedFrame(to_pixels(as_array(blended)), state)

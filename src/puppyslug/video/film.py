"""Dreams a film with temporal consistency: the dreamt detail moves with the picture under it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from torch import Tensor

from puppyslug.engine.blending import blend_by_recipe
from puppyslug.engine.masks import compute_mask
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.recipe import FrameValues, Recipe
from puppyslug.video.between import blend_neighbours, move_detail
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


class FilmOptions(NamedTuple):
    """How the frames of a film continue from each other.

    Attributes:
        by_flow: whether detail moves along the optical flow; otherwise it stays in place.
        every: every how many frames one is dreamt; the dream is moved to those between.
        values: values of the recipe's curves for each frame, from ``evaluate_curves``.
    """

    by_flow: bool = True
    every: int = 1
    values: FrameValues | None = None


def dream_segment(
    prepared: PreparedDream,
    source: VideoSource,
    segment: Segment,
    state: ResumeState,
    options: FilmOptions = FilmOptions(),  # noqa: B008 (a NamedTuple)
) -> Iterator[RenderedFrame]:
    """Dream a segment of a video file.

    Args:
        prepared: the prepared dream; its picture has the size at which frames are dreamt.
        source: the video.
        segment: which frames to dream.
        state: state of the last rendered frame; empty at the segment's start.
        options: as in ``dream_frames``.

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
        options=options,
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
    options: FilmOptions = FilmOptions(),  # noqa: B008 (a NamedTuple)
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
        options: how frames continue from each other.
        on_step: called with every step.

    Yields:
        The remaining frames.
    """
    dream = _SegmentDream(prepared, segment.first, options, mask_function, on_step)
    done = int(state["next"]) if state else 0
    before: WarpState | None = None  # of the latest dreamt frame, whose pixels are ``key``
    if state:
        before = WarpState(state["detail"], float(state["strength"]), state["colour"])
    key: Pixels | None = None
    between: list[tuple[int, Pixels]] = []  # frames since the key, which are not dreamt
    key_number = segment.first
    numbered = zip(range(segment.first, segment.last), sources, strict=False)
    for number, pixels in numbered:
        index = number - segment.first
        if index % options.every and number != segment.last - 1:
            between.append((number, pixels))
            continue
        if index >= done:
            after = dream.key_frame(number, pixels, before, key)
            for other, other_pixels in between:
                if before is not None and key is not None and other - segment.first >= done:
                    fraction = (other - key_number) / (number - key_number)
                    neighbours = (before, key), (after, pixels)
                    moved = dream.between(other_pixels, neighbours, fraction)
                    count = other - segment.first + 1
                    yield dream.render(other, other_pixels, moved, before, count)
            before = after
            yield dream.render(number, pixels, after.detail, after, index + 1)
        key, key_number, between = pixels, number, []


class _SegmentDream:
    """Dreams single frames of a segment."""

    def __init__(
        self,
        prepared: PreparedDream,
        first: int,
        options: FilmOptions,
        mask_function: MaskFunction | None,
        on_step: StepCallback | None,
    ) -> None:
        self._prepared = prepared
        self._first = first
        self._options = options
        self._mask_function = mask_function
        self._on_step = on_step
        recipe = prepared.recipe.for_frame(first, options.values)
        self._first_recipe = recipe.at_step(first, 0, 0)

    def key_frame(
        self, number: int, pixels: Pixels, previous: WarpState | None, key: Pixels | None
    ) -> WarpState:
        """Dream a frame.

        Args:
            number: index of the frame.
            pixels: the frame, H×W×3.
            previous: state after the last dreamt frame; None for the first one.
            key: the last dreamt frame's source, H×W×3.
        """
        frame = self._frame(number, pixels)
        if self._mask_function is not None:
            frame = replace(frame, mask=self._mask_function(frame.image))
        source = as_array(frame.image)
        if previous is None or key is None:
            dream = dream_frame(frame, number, frame.recipe, self._first, None, self._on_step)
            return WarpState.from_detail(dream - source)
        by_flow = self._options.by_flow
        warped, uncovered = warp_detail(previous.detail, pixels, key, by_flow=by_flow)
        recipe, gain = _continuation_recipe(
            frame.recipe, number, self._first_recipe, uncovered, previous.strength
        )
        dream = dream_frame(frame, number, recipe, self._first, warped, self._on_step)
        return stabilise(dream - source, previous, gain, frame.mask)

    def between(
        self,
        pixels: Pixels,
        neighbours: tuple[tuple[WarpState, Pixels], tuple[WarpState, Pixels]],
        fraction: float,
    ) -> FloatArray:
        """Return the detail of a frame between two dreamt ones, H×W×3."""
        before, after = (
            move_detail(state.detail, pixels, other, by_flow=self._options.by_flow)
            for state, other in neighbours
        )
        return blend_neighbours(before, after, fraction)

    def render(
        self, number: int, pixels: Pixels, detail: FloatArray, state: WarpState, done: int
    ) -> RenderedFrame:
        """Blend a dream with its source as the recipe says, and attach the state to resume from."""
        frame = self._frame(number, pixels)
        dream = np.clip(as_array(frame.image) + detail, 0, 1)
        dreamt = as_tensor(dream).to(frame.image.device)
        stored = {
            "detail": state.detail,
            "strength": np.array(state.strength),
            "colour": state.colour,
            "next": np.array(done),
        }
        blended = blend_by_recipe(dreamt, frame.image, frame.recipe)
        return RenderedFrame(to_pixels(as_array(blended)), stored)

    def _frame(self, number: int, pixels: Pixels) -> PreparedDream:
        source = np.asarray(pixels, np.float32) / np.float32(255)
        recipe = self._prepared.recipe.for_frame(number, self._options.values)
        image = as_tensor(source).to(self._prepared.image.device)
        return replace(self._prepared, image=image, recipe=recipe)


def _continuation_recipe(
    recipe: Recipe,
    number: int,
    first: Recipe,
    uncovered: float,
    strength: float,
) -> tuple[Recipe, float]:
    """Compute the recipe of a frame that continues from the previous one.

    Args:
        recipe: recipe of the frame.
        number: index of the frame.
        first: recipe of the segment's first frame.
        uncovered: share of the frame that is dreamt from scratch.
        strength: mean |detail| of the segment's first frame, relative to full scale.

    Returns:
        A recipe of few octaves and iterations, whose step size is limited to avoid flicker; and
        the factor by which keyframes have changed the step size since the segment's first frame.
    """
    share = ITERATION_SHARE + (1 - ITERATION_SHARE) * uncovered
    now = recipe.at_step(number, 0, 0)
    gain = now.step_size / first.step_size
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

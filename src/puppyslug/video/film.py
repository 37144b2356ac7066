"""Dreams of films that hold still: detail moves along with what it lies on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from torch import Tensor

from puppyslug.engine.finish import finish
from puppyslug.engine.loop import dream_steps
from puppyslug.engine.preparation import Prepared, mask_for
from puppyslug.recipe.recipe import Recipe
from puppyslug.video.camera import as_array, as_tensor
from puppyslug.video.checkpoint import Made, State
from puppyslug.video.flow import Array, carried, flow_between, trusted
from puppyslug.video.reader import Film, Pixels, read_frames
from puppyslug.video.segments import Segment
from puppyslug.video.zoom import Watch, to_pixels

OCTAVES = 2  # of a frame that goes on from the one before
SHARE = 0.2  # of the iterations of a still, likewise
CALM = 0.35  # of its strength by which a dream may change in such a frame
LIFT = 1.02  # by which a frame may make up for strength that was lost
SMALLEST_STEP = 0.01  # grey levels
Remask = Callable[[Tensor], Tensor | None]


class Carried(NamedTuple):
    """What a frame has of the one before.

    Attributes:
        detail: H×W×3, the dream less the source.
        strength: mean |detail| that a scene began with, and keeps.
        colour: mean of each channel of the detail, likewise.
    """

    detail: Array
    strength: float
    colour: Array


def segment_frames(
    prepared: Prepared, source: Film, segment: Segment, state: State, *, by_flow: bool = True
) -> Iterator[Made]:
    """Dream one segment of a film's file, on whichever machine.

    Args:
        prepared: how to dream; its picture is of the size at which frames are dreamt.
        source: the film.
        segment: which frames.
        state: of the last frame that is made already; empty at the segment's start.
        by_flow: as in ``film``.

    Yields:
        Frames, from the first that is missing on.
    """

    def remask(image: Tensor) -> Tensor | None:
        return mask_for(prepared.recipe, prepared.network, image)[0]

    return film(
        prepared,
        _resized(source, segment.first, (prepared.image.shape[-2], prepared.image.shape[-1])),
        segment,
        state=state,
        remask=remask if isinstance(prepared.recipe.mask, str) else None,
        by_flow=by_flow,
    )


def _resized(source: Film, first: int, size: tuple[int, int]) -> Iterator[Pixels]:
    """A film's frames from one on, at the size at which they are dreamt."""
    for frame in read_frames(source, first=first):
        if frame.pixels.shape[:2] == size:
            yield frame.pixels
        else:
            small = cv2.resize(frame.pixels, size[::-1], interpolation=cv2.INTER_AREA)
            yield np.asarray(small, np.uint8)


def film(
    prepared: Prepared,
    sources: Iterator[Pixels],
    segment: Segment,
    *,
    state: State | None = None,
    remask: Remask | None = None,
    by_flow: bool = True,
    watch: Watch | None = None,
) -> Iterator[Made]:
    """Dream one segment of a film.

    Its first frame is dreamt like a picture. Every other one starts from the detail of the frame
    before, moved along the optical flow; where flow there and back disagree, something was
    uncovered, and it is dreamt afresh. A few steps then keep it alive, and its strength and mean
    colour are held at what the segment began with, so that it neither grows nor fades.

    Args:
        prepared: how to dream; its picture is not looked at.
        sources: the film's frames from the segment's first on, H×W×3, of the picture's size.
        segment: which frames.
        state: of the last frame that is made already, to go on after it; ``sources`` begins at
            the segment's first frame all the same.
        remask: where each frame dreams, where that changes with the picture; else
            ``prepared.mask``.
        by_flow: whether detail moves along the flow; else it stays in its place.
        watch: called with every step.

    Yields:
        Frames, from the first that is missing on.
    """
    made = int(state["next"]) if state else 0
    before: Carried | None = None
    if state:
        before = Carried(state["detail"], float(state["strength"]), state["colour"])
    previous: Pixels | None = None
    for index, (number, pixels) in enumerate(
        zip(range(segment.first, segment.last), sources, strict=False)
    ):
        if index >= made:
            source = np.asarray(pixels, np.float32) / np.float32(255)
            one = replace(prepared, image=as_tensor(source).to(prepared.image.device))
            if remask is not None:
                one = replace(one, mask=remask(one.image))
            seed = segment.first
            if before is None or previous is None:
                dream = _dreamt(one, number, one.recipe.frame(number), seed, None, watch)
                detail = dream - source
                before = Carried(detail, float(np.abs(detail).mean()), detail.mean((0, 1)))
            else:
                start, fresh = _moved(before.detail, pixels, previous, by_flow=by_flow)
                share = SHARE + (1 - SHARE) * fresh
                recipe, louder = _going_on(one.recipe, number, seed, share, before.strength)
                dream = _dreamt(one, number, recipe, seed, start, watch)
                before = _held(dream - source, before, louder, one.mask)
            shown = np.clip(source + before.detail, 0, 1)
            yield Made(
                to_pixels(_finished(one, number, shown)),
                {
                    "detail": before.detail,
                    "strength": np.array(before.strength),
                    "colour": before.colour,
                    "next": np.array(index + 1),
                },
            )
        previous = pixels


def _moved(
    detail: Array, current: Pixels, previous: Pixels, *, by_flow: bool
) -> tuple[Array, float]:
    """The detail where it belongs in the current frame, and how much of that is uncovered."""
    if not by_flow:
        return detail, 0.0
    there = flow_between(current, previous)
    sure = trusted(there, flow_between(previous, current))
    return carried(detail, there) * sure[..., None], float(1 - sure.mean())


def _going_on(
    recipe: Recipe, number: int, first: int, share: float, strength: float
) -> tuple[Recipe, float]:
    """The recipe of a frame that goes on from the one before.

    Args:
        recipe: of the film.
        number: of the frame.
        first: number of the segment's first frame.
        share: of a still's steps that it takes.
        strength: mean |detail| of the segment's first frame, of 1.

    Returns:
        A recipe of few octaves and steps, no longer than what keeps the dream calm; and how many
        times larger keyframes have made the step size since the segment's first frame.
    """
    now = recipe.at(number, 0, 0)
    louder = now.step_size / recipe.at(first, 0, 0).step_size
    recipe = recipe.frame(number)
    calm = CALM * strength * louder * 255 / (SHARE * recipe.iterations)
    step_size = min(now.step_size, max(calm, SMALLEST_STEP))
    return recipe.with_settings(
        {
            "octaves": min(OCTAVES, recipe.octaves),
            "iterations": max(1, round(recipe.iterations * share)),
            "count": None,
            "step_size": step_size,
            "soften": 0.0,  # moving blurs enough
            "schedule": tuple(one for one in recipe.schedule if one.field != "step_size"),
        }
    ), louder


def _dreamt(
    one: Prepared,
    number: int,
    recipe: Recipe,
    seed: int,
    detail: Array | None,
    watch: Watch | None,
) -> Array:
    """A frame's dream before it is finished, H×W×3."""
    for step in dream_steps(
        one.image,
        recipe,
        one.network,
        detail=None if detail is None else as_tensor(detail).to(one.image.device),
        mask=one.mask,
        guides=one.guides,
        frame=number,
        seeded=seed,
    ):
        if watch is not None:
            watch(step)
    return as_array(step.image)


def _held(detail: Array, before: Carried, louder: float, mask: Tensor | None) -> Carried:
    """The detail at the strength and with the mean colour that the segment began with.

    Args:
        detail: H×W×3.
        before: of the frame before.
        louder: how many times stronger keyframes want it by now.
        mask: 1×1×H×W in [0, 1], or None.
    """
    off = detail.mean((0, 1)) - before.colour
    detail = detail - (off if mask is None else off * (as_array(mask) > 0))
    strength = float(np.abs(detail).mean())
    if strength:
        detail = detail * np.float32(min(before.strength * louder / strength, LIFT))
    return before._replace(detail=detail)


def _finished(one: Prepared, number: int, dream: Array) -> Array:
    recipe = one.recipe.frame(number)
    finished = finish(
        as_tensor(dream).to(one.image.device),
        one.image,
        strength=recipe.strength,
        keep_colours=recipe.keep_colours,
    )
    return as_array(finished)

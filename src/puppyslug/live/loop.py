"""The live loop: captured frames in, dreamt frames out.

As in a film, the detail of the previous frame is moved along the optical flow, and a few steps
refresh it. There is no first frame that is dreamt like a picture: the strength follows from the
recipe, so the first frame is dreamt in as few steps as every other, and refined by those after it.
"""

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from puppyslug.engine.blending import blend_by_recipe
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.errors import PuppyslugError
from puppyslug.images.sizes import Size, fit_size
from puppyslug.isolation.torch_state import isolated
from puppyslug.live.budget import FrameBudget, Level
from puppyslug.live.cuts import CutDetector
from puppyslug.live.frames import CapturedFrame, LiveFrame
from puppyslug.live.look import Look
from puppyslug.live.masks import LiveMask
from puppyslug.networks.network import Network
from puppyslug.recipe import InputFiles, Recipe
from puppyslug.video.continuation import (
    MIN_STEP_SIZE,
    WarpState,
    dream_frame,
    stabilise,
    warp_detail,
)
from puppyslug.video.conversion import resize_pixels
from puppyslug.video.frames import FloatArray, Pixels, as_array, as_tensor, to_pixels

Changes = Mapping[str, Any]
MAX_OCTAVES = 2
REFRESH = 0.15  # of the detail's strength, by which the steps of a frame change it
FADE = 0.6  # of the old detail that each of the first frames of another objective keeps
FADING_FRAMES = 4
GROWTH = 0.3  # of the full strength, by which a frame of a new scene is stronger than the last one
MAX_GAIN = 1.5  # by which a frame may amplify its detail, most of which is new after a cut
MAX_DETAIL = 6.0  # times the full strength: in flat pictures, all of it would gather in one place
RATE_TOLERANCE = 0.25  # of the time between two frames, by which one may come early
SEED = 0  # of the jitter of all frames, which would flicker if each had its own
NO_COLOUR = np.zeros(3, np.float32)


@isolated
def dream_live(
    captured: Iterable[CapturedFrame],
    settings: Mapping[str, Any],
    *,
    fps: float,
    side: int,
    files: InputFiles | None = None,
    network: Network | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[LiveFrame, Changes | None, None]:
    """Dream the frames of a camera while they arrive.

    Changes can be sent, as in ``frames.send({"layer": "block_3"})``: any field of a recipe, or
    shorthand. They apply from the next frame on. ``send`` returns the last frame again, with the
    changed recipe; or with the reason (``rejected``), if they are not possible and nothing changes.

    Args:
        captured: the frames, each the newest one at the time when it is asked for; frames that
            come too soon for ``fps`` are skipped.
        settings: fields of a recipe and shorthand; the preset ``live`` is the default. ``strength``
            and the colours apply as in a film; the mean change of a pixel is ``step_size`` times
            ``iterations``, however many steps are taken.
        fps: largest number of frames per second, for which the frame budget chooses the working
            size, the octaves and the steps.
        side: longest side of the largest working size, in pixels.
        files: mask, guides, weights and labels.
        network: a loaded network, in place of the settings' one.
        clock: returns the time in seconds, as the frames have it.

    Yields:
        The dreamt frames.

    Raises:
        PuppyslugError: the settings are invalid, or do not fit the first frame.
    """
    budget: FrameBudget | None = None
    stream: _Stream | None = None
    due = float("-inf")
    for frame in captured:
        if frame.time < due - RATE_TOLERANCE / fps:
            continue
        due = max(due + 1 / fps, frame.time + (1 - RATE_TOLERANCE) / fps)
        start = clock()
        if stream is None or budget is None:
            look = Look(settings, frame.pixels, side, files, network)
            scale = look.prepared.recipe.octave_scale
            budget = FrameBudget(fps, side, octaves=MAX_OCTAVES, octave_scale=scale)
            stream = _Stream(look)
            start = clock()  # loading the network says nothing about the frames after it
        dreamt = stream.dream(frame, budget.level)
        end = clock()
        budget.add(end - start)
        dreamt = dreamt._replace(latency=end - frame.time)
        changes = yield dreamt
        while changes is not None:
            budget.restart()
            changes = yield stream.change(changes, dreamt)


class _Stream:
    """What a frame takes over from the previous one."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._cuts = CutDetector()
        self._mask = LiveMask()
        self._previous: Pixels | None = None  # at its working size
        self._detail: FloatArray | None = None
        self._number = 0
        self._fading = 0  # frames in which the detail of another objective still fades

    def dream(self, frame: CapturedFrame, level: Level) -> LiveFrame:
        """Dream a frame."""
        recipe, network = self.look.prepared.recipe, self.look.prepared.network
        shown = frame.pixels.shape[:2]
        size = _working_size((shown[0], shown[1]), level.side, self.look.min_side)
        pixels = resize_pixels(frame.pixels, size)
        is_cut = self._cuts.is_cut(pixels)
        detail, previous = (None, None) if is_cut else self._move(pixels)
        source = np.asarray(pixels, np.float32) / np.float32(255)
        prepared = replace(self.look.prepared, image=as_tensor(source).to(network.device))
        mask = self._mask.move(prepared, pixels, previous, frame.time)
        prepared = replace(prepared, mask=mask)
        area = 1.0 if mask is None else float(mask.mean())
        full = area * recipe.step_size * recipe.iterations / 255
        strength = 0.0 if detail is None else float(np.abs(detail).mean())
        target = min(full, strength + GROWTH * full)
        change = max(REFRESH * full, target - strength) / (area or 1)
        steps = _frame_recipe(recipe, level, change)
        dream = dream_frame(prepared, self._number, steps, SEED, detail, None)
        state = WarpState(dream - source, target, NO_COLOUR)
        held = stabilise(state.detail, state, 1.0, mask, max_gain=MAX_GAIN).detail
        self._detail = np.clip(held, -MAX_DETAIL * full, MAX_DETAIL * full)
        self._previous = pixels
        self._number += 1
        return LiveFrame(
            _show(frame.pixels, self._detail, prepared),
            frame,
            0.0,
            level,
            255 * float(np.abs(self._detail).mean()),
            is_cut,
            recipe,
        )

    def change(self, changes: Changes, frame: LiveFrame) -> LiveFrame:
        """Change the look; return the last frame with the changed recipe, or with a reason."""
        rejected, before = "", self.look.prepared.recipe
        try:
            self.look.change(changes, frame.source.pixels)
        except PuppyslugError as error:
            rejected = str(error)
        recipe = self.look.prepared.recipe
        if (recipe.network, recipe.objective) != (before.network, before.objective):
            self._fading = FADING_FRAMES
        return frame._replace(recipe=recipe, rejected=rejected)

    def _move(self, pixels: Pixels) -> tuple[FloatArray | None, Pixels | None]:
        """Move the previous frame's detail to where it belongs in the current one.

        Returns:
            The detail, and the previous frame, at the size of the current one; None and None if
            there is no previous frame of its shape.
        """
        if self._previous is None or self._detail is None:
            return None, None
        size = pixels.shape[:2]
        if self._previous.shape != pixels.shape:
            self._previous = resize_pixels(self._previous, (size[0], size[1]))
            self._detail = _resize_detail(self._detail, (size[0], size[1]))
        detail, _ = warp_detail(self._detail, pixels, self._previous, by_flow=True)
        if self._fading:
            self._fading -= 1
            detail = detail * np.float32(FADE)
        return detail, self._previous


def _working_size(size: Size, side: int, min_side: int) -> Size:
    """Return the size at which a frame is dreamt: that of the level, if the layers fit into it."""
    fitted = fit_size(size, side)
    if min(fitted) >= min_side:
        return fitted
    return fit_size(size, -(-max(size) * min_side // min(size)))


def _frame_recipe(recipe: Recipe, level: Level, change: float) -> Recipe:
    """Return the recipe of the steps of a frame.

    Args:
        recipe: the recipe.
        level: octaves and steps.
        change: mean change by all steps together, relative to full scale.
    """
    octaves = min(level.octaves, recipe.octaves)
    return recipe.with_settings(
        {
            "octaves": octaves,
            "iterations": level.steps,
            "count": None,
            "step_size": max(255 * change / (octaves * level.steps) ** 0.75, MIN_STEP_SIZE),
            "soften": 0.0,  # warping already blurs
        }
    )


def _show(pixels: Pixels, detail: FloatArray, prepared: PreparedDream) -> Pixels:
    """Add the detail to a frame at the size at which it is shown, and blend as the recipe says."""
    source = np.asarray(pixels, np.float32) / np.float32(255)
    size = (pixels.shape[0], pixels.shape[1])
    dream = np.clip(source + _resize_detail(detail, size), 0, 1)
    blended = blend_by_recipe(as_tensor(dream), as_tensor(source), prepared.recipe)
    return to_pixels(as_array(blended))


def _resize_detail(detail: FloatArray, size: Size) -> FloatArray:
    return np.asarray(cv2.resize(detail, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)

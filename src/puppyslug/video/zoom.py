"""Endless zoom: dream, zoom in a little, dream again (the feedback loop of the 2015 notebook)."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.progress import DreamStep
from puppyslug.images.colour import MIN_CHROMA, adjust, colourfulness, luminance
from puppyslug.recipe import Change, FrameValues, Recipe
from puppyslug.video.camera import apply_camera_motion
from puppyslug.video.frames import RenderedFrame, ResumeState, as_array, as_tensor, to_pixels

StepCallback = Callable[[DreamStep], None]
COLOUR_PULL = 0.15  # share of the distance to the first mean colour that each frame moves back
MAX_CONTRAST = 0.24  # standard deviation; about that of a photo


def zoom_frames(
    prepared: PreparedDream,
    count: int,
    *,
    values: FrameValues | None = None,
    state: ResumeState | None = None,
    on_step: StepCallback | None = None,
) -> Iterator[RenderedFrame]:
    """Render the frames of an endless zoom.

    The first frame is dreamt from the picture. Every other one is dreamt from the previous frame,
    moved by the recipe's ``zoom``, ``rotate``, ``pan_x`` and ``pan_y``.

    Args:
        prepared: the prepared dream; its schedule counts frames.
        count: number of frames of the whole film.
        values: values of the recipe's curves for each frame, from ``evaluate_curves``.
        state: state of the last rendered frame, to resume after it.
        on_step: called with every step.

    Yields:
        The remaining frames.
    """
    picture = prepared.image
    first_colour = picture.mean((2, 3), keepdim=True)
    first_colourfulness = colourfulness(picture).clamp(min=MIN_CHROMA)
    first = 0
    if state:
        picture = as_tensor(state["picture"]).to(picture.device)
        first = int(state["next"])
    for number in range(first, count):
        recipe = prepared.recipe.for_frame(number, values)
        if number:
            picture = apply_camera_motion(picture, recipe)
        for step in dream_steps(replace(prepared, image=picture), recipe, frame=number):
            if on_step is not None:
                on_step(step)
        picture = limit_contrast(_feedback(step), first_colour)
        if recipe.colour_limit:
            amount = colourfulness(picture)
            share = (recipe.colour_limit * first_colourfulness / amount.clamp(min=1e-6)).clamp(
                max=1
            )
            picture = torch.lerp(luminance(picture), picture, share)
        shown = adjust(picture, saturation=recipe.saturation, contrast=recipe.contrast)
        state = {"picture": as_array(picture), "next": np.array(number + 1)}
        yield RenderedFrame(to_pixels(as_array(shown)), state)


def _feedback(step: DreamStep) -> Tensor:
    """Return the picture that the next frame starts from, 1×3×H×W RGB in [0, 1].

    Saturation and contrast apply to frames, and would add up if they were fed back.
    """
    recipe = step.recipe.model_copy(update={"saturation": 1.0, "contrast": 1.0})
    return replace(step, recipe=recipe).picture()


def limit_contrast(picture: Tensor, target_colour: Tensor) -> Tensor:
    """Limit a picture's contrast to that of a photo, so that feedback does not saturate it.

    Args:
        picture: 1×3×H×W in [0, 1].
        target_colour: 1×3×1×1, the mean colour towards which the picture is pulled slightly.

    Returns:
        1×3×H×W in [0, 1].
    """
    mean = picture.mean((2, 3), keepdim=True)
    contrast = float((picture - mean).square().mean().sqrt())
    scale = min(1.0, MAX_CONTRAST / contrast) if contrast else 1.0
    return (mean.lerp(target_colour, COLOUR_PULL) + (picture - mean) * scale).clamp(0, 1)


def journey_recipe(
    recipe: Recipe, objectives: list[str], frames_per_layer: int, crossfade: int
) -> Recipe:
    """Return the recipe of a journey, which dreams of one objective after the other.

    Args:
        recipe: all other settings; changes of the objective in its schedule are replaced.
        objectives: the objectives, in order.
        frames_per_layer: number of frames of each objective.
        crossfade: number of frames of each transition, half of them on either side.
    """
    changes = [change for change in recipe.schedule if change.field != "objective"]
    half = min(crossfade, frames_per_layer) // 2
    for number, objective in enumerate(objectives[1:], 1):
        middle = number * frames_per_layer
        if half:
            changes.append(Change(middle - half, 0, 0, "objective", objectives[number - 1]))
        eased = bool(half)
        changes.append(Change(middle + half, 0, 0, "objective", objective, eased))
    return recipe.with_settings({"objective": objectives[0], "schedule": tuple(changes)})

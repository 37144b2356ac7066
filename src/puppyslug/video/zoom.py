"""Endless zoom: dream, move a little, dream again (the notebook's feedback loop, 2015)."""

from collections.abc import Callable, Iterator

import numpy as np
from torch import Tensor

from puppyslug.engine.loop import DreamStep, dream_steps
from puppyslug.engine.preparation import Prepared
from puppyslug.recipe.recipe import Change, Recipe
from puppyslug.video.camera import as_array, as_tensor, moved
from puppyslug.video.checkpoint import Made, State
from puppyslug.video.reader import Pixels

Watch = Callable[[DreamStep], None]
HOMING = 0.15  # share of the way back to its first mean colour that a picture goes in a frame
MOST_CONTRAST = 0.24  # standard deviation; about that of a photo


def zoom(
    prepared: Prepared, frames: int, *, state: State | None = None, watch: Watch | None = None
) -> Iterator[Made]:
    """Make the frames of an endless zoom.

    Each starts from the one before, moved as the recipe's ``zoom``, ``rotate`` and ``pan`` say; the
    first from the picture itself.

    Args:
        prepared: what to dream of, and how; its schedule counts frames.
        frames: how many there are in all.
        state: of the last frame that is made already, to go on after it.
        watch: called with every step.

    Yields:
        Frames, from the first that is missing on.
    """
    picture = prepared.image
    home = picture.mean((2, 3), keepdim=True)
    first = 0
    if state:
        picture = as_tensor(state["picture"]).to(picture.device)
        first = int(state["next"])
    for number in range(first, frames):
        recipe = prepared.recipe.frame(number)
        if number:
            picture = moved(picture, recipe)
        for step in dream_steps(
            picture,
            recipe,
            prepared.network,
            mask=prepared.mask,
            guides=prepared.guides,
            frame=number,
        ):
            if watch is not None:
                watch(step)
        picture = calmed(step.picture(), home)
        array = as_array(picture)
        yield Made(to_pixels(array), {"picture": array, "next": np.array(number + 1)})


def calmed(picture: Tensor, home: Tensor) -> Tensor:
    """A picture with the contrast of a photo at most, so that feeding it back does not burn it out.

    Args:
        picture: 1×3×H×W in [0, 1].
        home: 1×3×1×1, the mean colour that it is drawn back to, a little every frame.
    """
    mean = picture.mean((2, 3), keepdim=True)
    contrast = float((picture - mean).square().mean().sqrt())
    share = min(1.0, MOST_CONTRAST / contrast) if contrast else 1.0
    return (mean.lerp(home, HOMING) + (picture - mean) * share).clamp(0, 1)


def journey_recipe(
    recipe: Recipe, objectives: list[str], frames_per_layer: int, crossfade: int
) -> Recipe:
    """The recipe of a journey: one objective after the other.

    Args:
        recipe: all but the objective; changes of the objective in its schedule are replaced.
        objectives: in the order of the journey.
        frames_per_layer: how many frames each has.
        crossfade: frames over which one gives way to the next, half of them on either side.
    """
    changes = [change for change in recipe.schedule if change.field != "objective"]
    half = min(crossfade, frames_per_layer) // 2
    for number, objective in enumerate(objectives[1:], 1):
        turn = number * frames_per_layer
        if half:
            changes.append(Change(turn - half, 0, 0, "objective", objectives[number - 1]))
        eased = bool(half)
        changes.append(Change(turn + half, 0, 0, "objective", objective, eased))
    return recipe.with_settings({"objective": objectives[0], "schedule": tuple(changes)})


def to_pixels(array: np.ndarray) -> Pixels:
    """H×W×3 in [0, 1] as bytes."""
    return np.asarray(array * 255 + 0.5, np.uint8)

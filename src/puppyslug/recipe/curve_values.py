"""The values of curves: one for each frame of a film. Nothing here imports torch."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppyslug.errors import RecipeError
from puppyslug.recipe.curves import Curve, Key, parse_curve
from puppyslug.recipe.expression_values import Values, evaluate
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.schedule import FrameValues
from puppyslug.recipe.timeline import Timeline

MAX_FRAME = 10_000_000  # of a key
_LIMITS: tuple[tuple[str, Callable[[Values, float], Any], str], ...] = (
    ("ge", lambda values, bound: values < bound, "at least"),
    ("gt", lambda values, bound: values <= bound, "above"),
    ("le", lambda values, bound: values > bound, "at most"),
    ("lt", lambda values, bound: values >= bound, "below"),
)


def evaluate_curves(recipe: Recipe, timeline: Timeline) -> tuple[Recipe, FrameValues]:
    """Compute the curves of a recipe for all frames of a film, as ``curve_values`` does.

    Returns:
        The recipe, whose fields have their values at frame 0; and the values of all frames.

    Raises:
        RecipeError: as ``curve_values`` does.
    """
    values = curve_values(recipe, timeline)
    return recipe.with_settings({field: one[0] for field, one in values.items()}), values


def curve_values(recipe: Recipe, timeline: Timeline) -> FrameValues:
    """Compute the curves of a recipe for all frames of a film.

    Whole numbers such as ``octaves`` are rounded.

    Args:
        recipe: its ``curves``.
        timeline: the frames; its ``seed`` is ignored, the recipe's is used.

    Returns:
        The values of each field, one for each frame.

    Raises:
        RecipeError: a value is not a number, or out of its field's range; the message names the
            frame. Or a curve needs music, and there is none.
    """
    timeline = Timeline(timeline.frames, timeline.fps, recipe.seed, timeline.music)
    result: dict[str, tuple[float | str, ...]] = {}
    for field, text in (recipe.curves or {}).items():
        curve = parse_curve(text, is_objective=field == "objective")
        try:
            timeline.require(curve.names)
            values = _evaluate_curve(curve, timeline)
        except RecipeError as error:
            raise RecipeError(f"the curve of {field}: {error}") from error
        if curve.choices:
            result[field] = _choose(field, curve.choices, values)
        else:
            result[field] = _check(field, values, recipe)
    return result


def _evaluate_curve(curve: Curve, timeline: Timeline) -> Values:
    """Compute a curve for each frame; between keys that are numbers, it is interpolated."""
    count = timeline.frames
    keys = sorted(((_frame_of(key, timeline), key) for key in curve.keys), key=lambda one: one[0])
    positions: list[NDArray[Any]] = []
    known: list[Values] = []
    for number, (first, key) in enumerate(keys):
        last = keys[number + 1][0] if number + 1 < len(keys) else max(count, first + 1)
        if last <= first:
            continue  # another key at the same frame replaces it
        if key.value.is_number:
            last = first + 1
        elif first >= count:
            continue
        else:
            last = min(last, count)
        values = evaluate(key.value, timeline.variables(first, last))
        positions.append(np.arange(first, last))
        known.append(np.broadcast_to(values, (last - first,)))
    if not positions:
        raise RecipeError(f"its first key is after the last frame, {count - 1}")
    return _interpolate(np.concatenate(positions), np.concatenate(known), curve, count)


def _frame_of(key: Key, timeline: Timeline) -> int:
    """Return the frame of a key."""
    place = float(evaluate(key.place, timeline.variables(0, 1)).reshape(-1)[0])
    if key.unit == "b":
        frame = timeline.frame_of_beat(place)
    elif key.unit == "s":
        frame = round(place * timeline.fps)
    else:
        frame = int(place) if np.isfinite(place) else -1
    if not 0 <= frame <= MAX_FRAME:
        raise RecipeError(
            f"the key at {key.place.text} is at frame {place:g}; use 0 or a later one"
        )
    return frame


def _interpolate(positions: NDArray[Any], known: Values, curve: Curve, count: int) -> Values:
    """Interpolate between the frames whose values are known; the first and the last are held."""
    frames = np.arange(count)
    if len(positions) == 1:
        return np.full(count, known[0])
    if curve.interpolation == "cubic":
        from scipy.interpolate import PchipInterpolator  # takes a moment to import

        if not np.isfinite(known).all():
            return np.interp(frames, positions, known)  # the values are refused later
        within = np.clip(frames, positions[0], positions[-1])
        return np.asarray(PchipInterpolator(positions, known)(within))
    if curve.interpolation == "linear":
        return np.interp(frames, positions, known)
    before = np.clip(np.searchsorted(positions, frames, side="right") - 1, 0, None)
    if curve.interpolation == "step":
        return np.asarray(known[before])
    after = np.minimum(before + 1, len(positions) - 1)
    distance = np.maximum(positions[after] - positions[before], 1)
    fraction = np.clip((frames - positions[before]) / distance, 0, 1)
    eased = fraction**2 * (3 - 2 * fraction)
    return np.asarray(known[before] + (known[after] - known[before]) * eased)


def _choose(field: str, choices: Sequence[str], values: Values) -> tuple[str, ...]:
    """Return the objective of each frame."""
    indices = np.floor(values)
    wrong = ~((indices >= 0) & (indices < len(choices)))
    if wrong.any():
        frame = int(wrong.argmax())
        raise RecipeError(
            f"the curve of {field} has the index {values[frame]:g} at frame {frame}, but the list "
            f"has {len(choices)} items, counted from 0; end the index with % {len(choices)}"
        )
    return tuple(choices[int(index)] for index in indices)


def _check(field: str, values: Values, recipe: Recipe) -> tuple[float, ...]:
    """Check that the values are within the range of a field; round those of whole numbers."""
    info = type(recipe).model_fields[field]
    wrong = ~np.isfinite(values)
    advice = "is not a number"
    for limit in info.metadata:
        for name, outside, words in _LIMITS:
            bound = getattr(limit, name, None)
            if bound is not None and not wrong.any():
                wrong = outside(values, bound)
                advice = f"should be {words} {bound:g}"
    if wrong.any():
        frame = int(wrong.argmax())
        raise RecipeError(
            f"the curve of {field} is {values[frame]:.6g} at frame {frame}, but it {advice}; "
            "clamp(x, low, high) keeps it in range"
            if np.isfinite(values[frame])
            else f"the curve of {field} has no finite value at frame {frame}; it divides by 0, or "
            "takes a root or logarithm that does not exist"
        )
    if info.annotation is int:
        return tuple(int(value) for value in np.floor(values + 0.5))
    return tuple(float(value) for value in values)

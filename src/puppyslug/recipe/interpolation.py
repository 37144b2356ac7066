"""Interpolation of settings between two changes of a schedule."""

from puppyslug.labels import FindLabel
from puppyslug.objectives import Objective, parse_objective

# Multiples of the golden ratio, modulo 1, fill the unit interval evenly, however many there are.
_GOLDEN_RATIO = (5**0.5 - 1) / 2


def interpolate(
    start: float | str,
    end: float | str,
    fraction: float,
    position: tuple[int, int, int],
    find_label: FindLabel,
) -> float | str:
    """Interpolate between two values of a setting.

    Args:
        start: value at fraction 0; a number or an objective.
        end: value at fraction 1.
        fraction: in [0, 1].
        position: frame, octave and step. Decides which of two objectives with different terms a
            step takes; ``end`` is taken by the given fraction of all steps.
        find_label: resolves class names in objectives.
    """
    if isinstance(start, str) or isinstance(end, str):
        objective = _interpolate_weights(str(start), str(end), fraction, find_label)
        if objective is not None:
            return objective
        frame, octave, step = position
        threshold = (frame * 31 + octave * 13 + step) * _GOLDEN_RATIO % 1
        return end if threshold < fraction else start
    value = start + (end - start) * fraction
    return round(value) if isinstance(start, int) and isinstance(end, int) else value


def _interpolate_weights(
    start: str, end: str, fraction: float, find_label: FindLabel
) -> str | None:
    """Interpolate the weights of two objectives; None if their terms differ."""
    first, second = (parse_objective(text, find_label) for text in (start, end))
    if [term for _, term in first.terms] != [term for _, term in second.terms]:
        return None
    weights = [
        (a + (b - a) * fraction, term)
        for (a, term), (b, _) in zip(first.terms, second.terms, strict=True)
    ]
    return str(Objective(tuple(weights))) if any(weight for weight, _ in weights) else start

"""What a setting is between the changes of a schedule. Nothing here imports torch."""

from collections.abc import Sequence
from typing import Protocol

from puppyslug.labels import FindLabel
from puppyslug.objectives import Objective, parse_objective

Place = tuple[int, int, int]
_TURN = (5**0.5 - 1) / 2  # the golden ratio's steps fill a circle evenly, however many there are


class Change(Protocol):
    """See ``puppyslug.recipe.recipe.Change``."""

    @property
    def frame(self) -> int: ...  # noqa: D102
    @property
    def octave(self) -> int: ...  # noqa: D102
    @property
    def step(self) -> int: ...  # noqa: D102
    @property
    def value(self) -> float | str: ...  # noqa: D102
    @property
    def eased(self) -> bool: ...  # noqa: D102


def value_at(
    changes: Sequence[Change], value: float | str, place: Place, names: FindLabel
) -> float | str:
    """What a field is at a step.

    Args:
        changes: of this field, in any order.
        value: of the field before the first change.
        place: (frame, octave, step).
        names: finds labels, for objectives.
    """
    ordered = sorted(changes, key=lambda one: (one.frame, one.octave, one.step))
    first = 0
    following = None
    for change in ordered:
        if (change.frame, change.octave, change.step) <= place:
            value, first = change.value, change.frame
        else:
            following = change
            break
    if following is None or not following.eased or following.frame <= place[0]:
        return value
    share = (place[0] - first) / (following.frame - first)
    return between(value, following.value, share, place, names)


def between(
    one: float | str, other: float | str, share: float, place: Place, names: FindLabel
) -> float | str:
    """A value on the way from one to the other.

    Args:
        one: the value at share 0.
        other: the value at share 1.
        share: in [0, 1].
        place: (frame, octave, step), which decides whose turn it is.
        names: finds labels, for objectives.
    """
    if isinstance(one, str) or isinstance(other, str):
        mixed = _mixed(str(one), str(other), share, names)
        if mixed is not None:
            return mixed
        frame, octave, step = place
        turn = (frame * 31 + octave * 13 + step) * _TURN % 1
        return other if turn < share else one
    value = one + (other - one) * share
    return round(value) if isinstance(one, int) and isinstance(other, int) else value


def _mixed(one: str, other: str, share: float, names: FindLabel) -> str | None:
    """Two objectives of the same terms with their weights mixed; None for different terms."""
    first, second = (parse_objective(text, names) for text in (one, other))
    if [term for _, term in first.terms] != [term for _, term in second.terms]:
        return None
    weights = [
        (a + (b - a) * share, term)
        for (a, term), (b, _) in zip(first.terms, second.terms, strict=True)
    ]
    return str(Objective(tuple(weights))) if any(weight for weight, _ in weights) else one

"""Objectives that callers pass as objects or as text."""

from collections.abc import Iterable
from typing import Any

from puppyslug.errors import ObjectiveError
from puppyslug.objectives.objective import Objective
from puppyslug.objectives.parser import parse_objective


def as_objective(value: Any) -> Objective:
    """Return an objective, which may be given as text.

    Raises:
        ObjectiveError: it is neither, or cannot be parsed.
    """
    if isinstance(value, Objective):
        return value
    if isinstance(value, str):
        return parse_objective(value)
    raise ObjectiveError(
        f"an objective is text or an Objective, such as channel('relu4_4', 37), not "
        f"{type(value).__name__} {str(value)[:40]}"
    )


def as_objectives(values: Any) -> list[Objective]:
    """Return one or several objectives as a list.

    Raises:
        ObjectiveError: there is none, or as in ``as_objective``.
    """
    if isinstance(values, Objective | str) or not isinstance(values, Iterable):
        values = [values]
    objectives = [as_objective(one) for one in values]
    if not objectives:
        raise ObjectiveError("there is no objective; name at least one, such as 'relu4_4:37'")
    return objectives

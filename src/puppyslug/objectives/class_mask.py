"""Masks by class, such as ``see(cat)`` or ``not see(cat)``."""

import re
from dataclasses import dataclass

from puppyslug.errors import ObjectiveError
from puppyslug.labels import FindLabel, find_label
from puppyslug.objectives.parser import MAX_LENGTH
from puppyslug.objectives.terms.see import SeeTerm

_SYNTAX = re.compile(r"(?P<not>not\s+)?see\s*\(\s*(?P<name>\"[^\"]*\"|[^()\"]*)\)")


@dataclass(frozen=True)
class ClassMask:
    """Where a network sees a class, or everywhere else.

    Attributes:
        term: the class or group of classes.
        inverted: whether the mask covers everything else.
    """

    term: SeeTerm
    inverted: bool = False

    def __str__(self) -> str:
        return f"{'not ' if self.inverted else ''}{self.term}"


def parse_mask(text: str, names: FindLabel = find_label) -> ClassMask:
    """Create a mask from text, such as ``see(cat)`` or ``not see(cat)``.

    Args:
        text: the mask.
        names: looks up a label by name; ImageNet's by default.

    Raises:
        LabelError: unknown class or group.
        ObjectiveError: a syntax error.
    """
    match = _SYNTAX.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise ObjectiveError(
            f"{text[:80]!r} is not a mask; name an image file, or write see(NAME) or not see(NAME)"
        )
    return ClassMask(SeeTerm.parse(match["name"], names), inverted=match["not"] is not None)

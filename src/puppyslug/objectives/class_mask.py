"""Masks by class, such as ``see(cat)`` or ``not see(cat)``."""

from dataclasses import dataclass

from puppyslug.objectives.terms.see import SeeTerm


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

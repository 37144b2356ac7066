"""The labels as records, read from ``imagenet.tsv`` when they are first needed."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CLASSES = 1000


@dataclass(frozen=True)
class Label:
    """A class that the networks tell apart, or a group of such classes.

    Attributes:
        names: the names, the preferred one first.
        members: the numbers of the classes that it stands for, ascending: one for a class, at
            least two for a group.
        synset: its id in WordNet, such as ``"n02099601"``; None for a group that WordNet lacks.
    """

    names: tuple[str, ...]
    members: tuple[int, ...]
    synset: str | None

    @property
    def name(self) -> str:
        """The preferred name, which no other label prefers."""
        return self.names[0]

    @property
    def number(self) -> int | None:
        """The number of the class, 0 to 999; None for a group."""
        return self.members[0] if len(self.members) == 1 else None


@cache
def list_labels() -> tuple[Label, ...]:
    """Every label: the classes by number, then the groups by name."""
    text = files(__package__).joinpath("imagenet.tsv").read_text(encoding="utf-8")
    return tuple(_read(line) for line in text.splitlines() if not line.startswith("#"))


def groups_of(label: Label) -> tuple[Label, ...]:
    """The groups that hold all of a label's classes, the smallest first."""
    members = set(label.members)
    above = [group for group in list_labels()[CLASSES:] if members < set(group.members)]
    return tuple(sorted(above, key=lambda group: len(group.members)))


def _read(line: str) -> Label:
    """A label from a line such as ``"4-6,9<tab>n01234567<tab>name, other name"``."""
    members, synset, names = line.split("\t")
    numbers: list[int] = []
    for run in members.split(","):
        first, _, last = run.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return Label(tuple(names.split(", ")), tuple(numbers), None if synset == "-" else synset)

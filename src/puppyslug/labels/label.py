"""Labels as records, and how a vocabulary's file is read."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from puppyslug.errors import LabelError
from puppyslug.labels.spelling import key

MAX_FILE_BYTES = 4_000_000
_ID = re.compile(r"n\d{8}$")  # of WordNet, which Caffe's lists begin their lines with
_MARKS = re.compile(r"[()\"\x00-\x1f\x7f-\x9f]")
_PLACE = re.compile(r"/[a-z]/(?P<name>\S+)(\s+\d+)?$")  # as MIT's Places list them: /a/abbey 0


@dataclass(frozen=True)
class Label:
    """A class that a network tells apart, or a group of such classes.

    Attributes:
        names: the names, the preferred one first.
        members: the numbers of the classes that it stands for, ascending: one for a class, at
            least two for a group; none for a name that is still to be looked up.
        synset: its id in WordNet, such as ``"n02099601"``; None for one that WordNet lacks.
    """

    names: tuple[str, ...]
    members: tuple[int, ...]
    synset: str | None = None

    @property
    def name(self) -> str:
        """The preferred name, which no other label prefers."""
        return self.names[0]

    @property
    def number(self) -> int | None:
        """The number of the class, counted from 0; None for a group."""
        return self.members[0] if len(self.members) == 1 else None


def named_class(names: Iterable[str], number: int, synset: str | None = None) -> Label:
    """A class by its names, without the marks that mean something in an objective.

    A class that is left without a name is called by its number.
    """
    plain = (" ".join(_MARKS.sub(" ", name).split()) for name in names)
    return Label(tuple(filter(None, plain)) or (f"class {number}",), (number,), synset)


def read_table(text: str) -> tuple[Label, ...]:
    """Read puppyslug's own tables: members, WordNet's id and names on a line."""
    return tuple(_from_table(line) for line in text.splitlines() if not line.startswith("#"))


def read_labels(path: Path) -> tuple[Label, ...]:
    """Read the names of a network's classes from a file.

    Args:
        path: a text with a class on each line, in the network's order: ``name, other name``, with
            a WordNet id before it (Caffe's lists) or as ``/a/abbey 0`` (MIT's Places); or JSON,
            a list of names or a table ``{"0": "name"}``.

    Returns:
        The labels; where two have one name, the second gets its number added.

    Raises:
        LabelError: the file cannot be read, or names nothing.
    """
    if not path.is_file():
        raise LabelError(f"the labels {path} do not exist, or are no file; check the name")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise LabelError(f"the labels {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"the labels {path} are no text; give a name on each line") from error
    if len(data) > MAX_FILE_BYTES:
        raise LabelError(f"the labels {path} are larger than {MAX_FILE_BYTES // 1_000_000} MB")
    lines = _json_names(text, path) if text.lstrip()[:1] in ("[", "{") else text.splitlines()
    labels = [_from_line(line, number) for number, line in enumerate(filter(str.strip, lines))]
    if not labels:
        raise LabelError(f"the labels {path} are empty; give a name on each line")
    return told_apart(labels)


def told_apart(labels: Sequence[Label]) -> tuple[Label, ...]:
    """Labels of which no two prefer the same name: a later one gets its number added."""
    taken: set[str] = set()
    result = []
    for number, label in enumerate(labels):
        named = label
        if key(label.name) in taken:
            named = replace(label, names=(f"{label.name} {number}", *label.names))
        taken.add(key(named.name))
        result.append(named)
    return tuple(result)


def _json_names(text: str, path: Path) -> list[str]:
    try:
        table = json.loads(text)
        if isinstance(table, dict):
            table = [table[str(number)] for number in range(len(table))]
        return [name if isinstance(name, str) else str(name[-1]) for name in table]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise LabelError(f"the labels {path} are no JSON list of names") from error


def _from_line(line: str, number: int) -> Label:
    line = line.strip()
    if place := _PLACE.match(line):
        return named_class([place["name"].replace("_", " ").replace("/", " ")], number)
    synset, _, rest = line.partition(" ")
    if _ID.match(synset) and rest:
        line = rest
    return named_class(line.split(","), number, synset if _ID.match(synset) else None)


def _from_table(line: str) -> Label:
    """A label from a line such as ``"4-6,9<tab>n01234567<tab>name, other name"``."""
    members, synset, names = line.split("\t")
    numbers: list[int] = []
    for run in members.split(","):
        first, _, last = run.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return Label(tuple(names.split(", ")), tuple(numbers), None if synset == "-" else synset)

"""Labels: classes and groups of classes, and the files that list them."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from puppyslug.errors import LabelError
from puppyslug.labels.spelling import spelling_key

MAX_FILE_BYTES = 4_000_000
_SYNSET = re.compile(r"n\d{8}$")  # WordNet id, which starts each line of Caffe's lists
_RESERVED_CHARACTERS = re.compile(r"[()\"\x00-\x1f\x7f-\x9f]")  # syntax of objectives, or control
_PLACES_LINE = re.compile(r"/[a-z]/(?P<name>\S+)(\s+\d+)?$")  # format of MIT Places: /a/abbey 0


@dataclass(frozen=True)
class Label:
    """A class of a network, or a group of classes.

    Attributes:
        names: the names, the preferred one first.
        class_numbers: indices of the classes, ascending: one for a class, at least two for a group,
            none for a name that has not been resolved.
        synset: WordNet id, such as ``"n02099601"``, or None.
    """

    names: tuple[str, ...]
    class_numbers: tuple[int, ...]
    synset: str | None = None

    @property
    def name(self) -> str:
        """The preferred name; unique in a vocabulary."""
        return self.names[0]

    @property
    def number(self) -> int | None:
        """Index of the class; None for a group."""
        return self.class_numbers[0] if len(self.class_numbers) == 1 else None


def class_label(names: Iterable[str], number: int, synset: str | None = None) -> Label:
    """Create the label of a class, without characters that are syntax in an objective.

    A class without a usable name is named after its number.
    """
    cleaned = (" ".join(_RESERVED_CHARACTERS.sub(" ", name).split()) for name in names)
    return Label(tuple(filter(None, cleaned)) or (f"class {number}",), (number,), synset)


def parse_bundled_table(text: str) -> tuple[Label, ...]:
    """Parse puppyslug's own format: class numbers, WordNet id and names on each line."""
    return tuple(
        _parse_bundled_line(line) for line in text.splitlines() if not line.startswith("#")
    )


def read_labels(path: Path) -> tuple[Label, ...]:
    """Read the class names of a network from a file.

    Args:
        path: a text file with one class per line, in the network's order: ``name, other name``,
            optionally after a WordNet id (Caffe), or ``/a/abbey 0`` (MIT Places); or a JSON list of
            names, or a JSON object ``{"0": "name"}``.

    Returns:
        The labels. If several classes have the same name, the later ones get their number appended.

    Raises:
        LabelError: the file cannot be read or contains no names.
    """
    if not path.is_file():
        raise LabelError(f"the labels {path} do not exist or are not a file; check the name")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise LabelError(f"the labels {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"the labels {path} are not text; write one name per line") from error
    if len(data) > MAX_FILE_BYTES:
        raise LabelError(f"the labels {path} are larger than {MAX_FILE_BYTES // 1_000_000} MB")
    lines = _parse_json(text, path) if text.lstrip()[:1] in ("[", "{") else text.splitlines()
    labels = [_parse_line(line, number) for number, line in enumerate(filter(str.strip, lines))]
    if not labels:
        raise LabelError(f"the labels {path} are empty; write one name per line")
    return disambiguate(labels)


def disambiguate(labels: Sequence[Label]) -> tuple[Label, ...]:
    """Make preferred names unique by appending the class number to later duplicates."""
    seen: set[str] = set()
    result = []
    for number, label in enumerate(labels):
        unique = label
        if spelling_key(label.name) in seen:
            unique = replace(label, names=(f"{label.name} {number}", *label.names))
        seen.add(spelling_key(unique.name))
        result.append(unique)
    return tuple(result)


def _parse_json(text: str, path: Path) -> list[str]:
    try:
        table = json.loads(text)
        if isinstance(table, dict):
            table = [table[str(number)] for number in range(len(table))]
        return [name if isinstance(name, str) else str(name[-1]) for name in table]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise LabelError(f"the labels {path} are not a JSON list of names") from error


def _parse_line(line: str, number: int) -> Label:
    line = line.strip()
    if place := _PLACES_LINE.match(line):
        return class_label([place["name"].replace("_", " ").replace("/", " ")], number)
    synset, _, rest = line.partition(" ")
    if _SYNSET.match(synset) and rest:
        line = rest
    return class_label(line.split(","), number, synset if _SYNSET.match(synset) else None)


def _parse_bundled_line(line: str) -> Label:
    """Parse a line such as ``"4-6,9<tab>n01234567<tab>name, other name"``."""
    ranges, synset, names = line.split("\t")
    numbers: list[int] = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return Label(tuple(names.split(", ")), tuple(numbers), None if synset == "-" else synset)

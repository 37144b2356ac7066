"""Vocabularies: the classes of a network by name, and the groups above them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

from puppyslug.errors import LabelError, plural, suggest
from puppyslug.labels.label import (
    Label,
    class_label,
    disambiguate,
    parse_bundled_table,
    read_labels,
)
from puppyslug.labels.search import LabelIndex
from puppyslug.labels.spelling import spelling_key, spelling_keys

IMAGENET = "imagenet"
NONE_CLASS = "none"  # class of a finetuned network for images of none of its new classes


class Vocabulary:
    """Labels that can be looked up and searched by name.

    Attributes:
        name: name of the vocabulary, such as ``"imagenet"``.
        labels: all labels: the classes by number, then the groups by name.
        classes: number of classes.
    """

    def __init__(self, name: str, labels: Sequence[Label]) -> None:
        """Create a vocabulary; the classes precede the groups."""
        self.name = name
        self.labels = tuple(labels)
        self.classes = sum(label.number is not None for label in self.labels)

    @classmethod
    def from_names(cls, name: str, class_names: Iterable[str]) -> "Vocabulary":
        """Create a vocabulary from the names of classes, in their order."""
        labels = [class_label([text], number) for number, text in enumerate(class_names)]
        return cls(name, disambiguate(labels))

    @classmethod
    def unnamed(cls, count: int) -> "Vocabulary":
        """Create a vocabulary of classes without names: ``class 0``, ``class 1`` and so on."""
        return cls.from_names("numbers", (f"class {number}" for number in range(count)))

    @classmethod
    def finetuned(
        cls, name: str, new_classes: Sequence[str], base: "Vocabulary | None"
    ) -> "Vocabulary":
        """Create the vocabulary of a finetuned network.

        Args:
            name: name of the vocabulary.
            new_classes: names of the new classes, which come first.
            base: vocabulary of the base network; its classes follow and form the group ``none``. If
                None, ``none`` is a single class.
        """
        new = [class_label([text], number) for number, text in enumerate(new_classes)]
        if base is None:
            return cls(name, disambiguate([*new, class_label([NONE_CLASS], len(new))]))
        reserved = {spelling_key(text) for text in (*new_classes, NONE_CLASS)}
        shifted = [
            replace(
                label,
                names=(f"{label.name} of {base.name}",) if spelling_key(label.name) in reserved
                else tuple(one for one in label.names if spelling_key(one) not in reserved),
                class_numbers=tuple(len(new) + number for number in label.class_numbers),
            )
            for label in base.labels
        ]  # fmt: skip
        none = Label((NONE_CLASS,), tuple(range(len(new), len(new) + base.classes)))
        return cls(name, [*new, *shifted, none])

    @classmethod
    def from_file(cls, path: Path, *, classes: int) -> "Vocabulary":
        """Read a file with class names; see ``read_labels``.

        Raises:
            LabelError: the file cannot be read, or the number of names is not ``classes``.
        """
        labels = read_labels(path)
        if len(labels) != classes:
            raise LabelError(
                f"the labels {path} name {plural(len(labels), 'class')}, but the network has "
                f"{classes}; list each class once"
            )
        return cls(path.name, labels)

    def find(self, name: str) -> Label:
        """Look up a class or a group.

        Args:
            name: any of its names (case, hyphens, underscores and spaces are ignored, and plurals
                are accepted), a class number such as ``"207"``, or a WordNet id such as
                ``"n02099601"``.

        Returns:
            The label whose preferred name this is, else the only one that has it as another name.

        Raises:
            LabelError: the name is empty, unknown (similar names are suggested) or ambiguous (the
                candidates are named).
        """
        name = name.strip()
        if not name:
            raise LabelError(f"the name of a class is empty; give one such as {self._example!r}")
        preferred, others = self._labels_by_key
        if re.fullmatch(r"[+-]?[0-9]+", name) and spelling_key(name) not in preferred:
            return self._find_number(name)
        for key in spelling_keys(name):
            if key in preferred:
                return preferred[key]
            candidates = others.get(key, [])
            if len(candidates) == 1:
                return candidates[0]
            if candidates:
                raise LabelError(
                    f"{_quote(name)} is ambiguous; name one of {_join_names(candidates)}"
                )
        similar = self._related(name) or self.index.nearest(name)
        advice = (
            f"did you mean {_join_names(similar)}?"
            if similar
            else "run 'puppyslug labels' for a list"
            if self.name == IMAGENET
            else suggest(name, [label.name for label in self.labels[: self.classes]])
        )
        raise LabelError(f"there is no class or group {_quote(name)}; {advice}")

    def class_name(self, number: int) -> str:
        """Return the preferred name of a class.

        Raises:
            LabelError: there is no class with this number.
        """
        return self._find_number(str(number)).name

    def groups_of(self, label: Label) -> tuple[Label, ...]:
        """Return the groups that contain all classes of a label, the smallest first."""
        numbers = set(label.class_numbers)
        groups = [one for one in self.labels[self.classes :] if numbers < set(one.class_numbers)]
        return tuple(sorted(groups, key=lambda group: len(group.class_numbers)))

    def search(self, query: str | None = None) -> list[Label]:
        """Search all names, as ``LabelIndex.search`` does; without a query, list all labels."""
        if not (query or "").strip():
            return [*self.labels[self.classes :], *self.labels[: self.classes]]
        return self.index.search(query or "")

    @cached_property
    def index(self) -> LabelIndex:
        """Index of the labels' names."""
        return LabelIndex(self.labels)

    def _related(self, name: str) -> list[Label]:
        """Return classes that are near in meaning to a word without one; empty for others."""
        if self.name != IMAGENET:
            return []
        keys = spelling_keys(name)
        related = next((_related_names()[key] for key in keys if key in _related_names()), ())
        return [self.find(other) for other in related]

    @property
    def _example(self) -> str:
        return "golden retriever" if self.name == IMAGENET else self.labels[0].name

    def _find_number(self, text: str) -> Label:
        digits = text.lstrip("+").lstrip("0") or "0"
        valid = digits.isdecimal() and len(digits) <= len(str(self.classes))
        if not valid or int(digits) >= self.classes:
            raise LabelError(
                f"there is no class {_truncate(text)}; the numbers are 0 to {self.classes - 1}"
            )
        return self.labels[int(digits)]

    @cached_property
    def _labels_by_key(self) -> tuple[dict[str, Label], dict[str, list[Label]]]:
        """Labels by the key of their preferred name, and by the keys of all names."""
        preferred = {spelling_key(label.name): label for label in self.labels}
        others: dict[str, list[Label]] = defaultdict(list)
        for label in self.labels:
            keys = {spelling_key(name) for name in (*label.names, label.synset or "")}
            for key in keys - {""}:
                others[key].append(label)
        return preferred, dict(others)


@cache
def imagenet() -> Vocabulary:
    """Return the 1000 classes of ImageNet and the groups above them."""
    text = files(__package__).joinpath("imagenet.tsv").read_text(encoding="utf-8")
    return Vocabulary(IMAGENET, parse_bundled_table(text))


@cache
def _related_names() -> dict[str, tuple[str, ...]]:
    """Return names of classes that are near in meaning to a word, by the word's key."""
    text = files(__package__).joinpath("related.tsv").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {spelling_key(word): tuple(names.split(", ")) for word, names in lines}


def bundled_vocabulary(name: str) -> Vocabulary | None:
    """Return the vocabulary of this name that is part of puppyslug, or None."""
    return imagenet() if name == IMAGENET else None


def _join_names(labels: Iterable[Label]) -> str:
    return " or ".join(label.name for label in labels)


def _truncate(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _quote(name: str) -> str:
    return repr(_truncate(name))

"""A vocabulary: the classes that a network knows, by name, and the groups above them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

from puppyslug.errors import LabelError
from puppyslug.labels.label import Label, named_class, read_labels, read_table, told_apart
from puppyslug.labels.search import Searcher
from puppyslug.labels.spelling import key, keys

NONE = "none"  # what is none of the things that a network was taught


class Vocabulary:
    """Labels with their names, to be looked up and searched.

    Attributes:
        name: what the vocabulary is called, such as ``"imagenet"``.
        labels: every label: the classes by number, then the groups by name.
        classes: how many classes there are.
    """

    def __init__(self, name: str, labels: Sequence[Label]) -> None:
        """Take the labels in their order."""
        self.name = name
        self.labels = tuple(labels)
        self.classes = sum(label.number is not None for label in self.labels)

    @classmethod
    def of_names(cls, name: str, names: Iterable[str]) -> "Vocabulary":
        """Classes called so, in this order."""
        return cls(name, told_apart([named_class([text], n) for n, text in enumerate(names)]))

    @classmethod
    def numbered(cls, count: int) -> "Vocabulary":
        """Classes that nobody has named, as ``class 0``, ``class 1`` and so on."""
        return cls.of_names("numbers", (f"class {number}" for number in range(count)))

    @classmethod
    def taught(cls, name: str, things: Sequence[str], below: "Vocabulary | None") -> "Vocabulary":
        """Things that a network was taught, and after them what it knew before.

        Args:
            name: what to call the vocabulary.
            things: the names of the first classes.
            below: what the network knew before, all of which is the group ``none`` now; None for
                nothing, then ``none`` is one class more.
        """
        own = [named_class([thing], number) for number, thing in enumerate(things)]
        if below is None:
            return cls(name, told_apart([*own, named_class([NONE], len(own))]))
        taken = {key(thing) for thing in (*things, NONE)}
        moved = [
            replace(
                label,
                names=(f"{label.name} of {below.name}",) if key(label.name) in taken
                else tuple(one for one in label.names if key(one) not in taken),
                members=tuple(len(own) + number for number in label.members),
            )
            for label in below.labels
        ]  # fmt: skip
        none = Label((NONE,), tuple(range(len(own), len(own) + below.classes)))
        return cls(name, [*own, *moved, none])

    @classmethod
    def read(cls, path: Path, *, classes: int) -> "Vocabulary":
        """Read a file of names; see ``read_labels``.

        Raises:
            LabelError: the file cannot be read, or names another number of classes.
        """
        labels = read_labels(path)
        if len(labels) != classes:
            raise LabelError(
                f"the labels {path} name {len(labels)} classes, but the network knows {classes}"
            )
        return cls(path.name, labels)

    def find(self, name: str) -> Label:
        """Look a class or a group up.

        Args:
            name: any of its names (case, hyphens, underscores and blanks make no difference, and
                a plural will do), a class number such as ``"207"``, or an id of WordNet such as
                ``"n02099601"``.

        Returns:
            The label that prefers this name, or else the only one that has it among its names.

        Raises:
            LabelError: the name is empty, unknown (near names are offered) or shared by several
                labels (which are named).
        """
        name = name.strip()
        if not name:
            raise LabelError(f"the name of a class is empty; give one such as {self._example!r}")
        preferred, others = self._labels_by_key
        if re.fullmatch(r"[+-]?[0-9]+", name) and key(name) not in preferred:
            return self._numbered(name)
        for spelling in keys(name):
            if spelling in preferred:
                return preferred[spelling]
            found = others.get(spelling, [])
            if len(found) == 1:
                return found[0]
            if found:
                raise LabelError(f"{_shown(name)} may be {_either(found)}; name one of them")
        near = self.searcher.nearest(name)
        advice = f"did you mean {_either(near)}?" if near else "'puppyslug labels' lists them all"
        raise LabelError(f"there is no class or group {_shown(name)}; {advice}")

    def class_name(self, number: int) -> str:
        """The preferred name of a class.

        Raises:
            LabelError: there is no class of this number.
        """
        return self._numbered(str(number)).name

    def groups_of(self, label: Label) -> tuple[Label, ...]:
        """The groups that hold all of a label's classes, the smallest first."""
        members = set(label.members)
        above = [group for group in self.labels[self.classes :] if members < set(group.members)]
        return tuple(sorted(above, key=lambda group: len(group.members)))

    def search(self, word: str | None = None) -> list[Label]:
        """The labels that have a word in any of their names, the best first; see ``Searcher``."""
        if not (word or "").strip():
            return [*self.labels[self.classes :], *self.labels[: self.classes]]
        return self.searcher.search(word or "")

    @cached_property
    def searcher(self) -> Searcher:
        """Finds labels by parts of names and by wrong names."""
        return Searcher(self.labels)

    @property
    def _example(self) -> str:
        return "golden retriever" if self.name == IMAGENET else self.labels[0].name

    def _numbered(self, text: str) -> Label:
        digits = text.lstrip("+").lstrip("0") or "0"
        known = digits.isdecimal() and len(digits) <= len(str(self.classes))
        if not known or int(digits) >= self.classes:
            raise LabelError(f"there is no class {_short(text)}; they are 0 to {self.classes - 1}")
        return self.labels[int(digits)]

    @cached_property
    def _labels_by_key(self) -> tuple[dict[str, Label], dict[str, list[Label]]]:
        """The label that prefers a name, and all that have it among their names."""
        preferred = {key(label.name): label for label in self.labels}
        others: dict[str, list[Label]] = defaultdict(list)
        for label in self.labels:
            also = {key(name) for name in (*label.names, label.synset or "")}
            for spelling in also - {""}:
                others[spelling].append(label)
        return preferred, dict(others)


IMAGENET = "imagenet"


@cache
def imagenet() -> Vocabulary:
    """The 1000 classes of ImageNet, and the groups above them."""
    text = files(__package__).joinpath("imagenet.tsv").read_text(encoding="utf-8")
    return Vocabulary(IMAGENET, read_table(text))


def bundled(name: str) -> Vocabulary | None:
    """The vocabulary that puppyslug brings under this name; None where it brings none."""
    return imagenet() if name == IMAGENET else None


def _either(labels: Iterable[Label]) -> str:
    return " or ".join(label.name for label in labels)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _shown(name: str) -> str:
    return repr(_short(name))

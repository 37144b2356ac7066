"""One label by its name, or an error that says which may have been meant."""

import re
from collections.abc import Iterable
from functools import cache

from puppyslug.errors import LabelError
from puppyslug.labels.records import CLASSES, Label, list_labels
from puppyslug.labels.searching import nearest_labels
from puppyslug.labels.spelling import key, keys


def find_label(name: str) -> Label:
    """Look a class or a group up.

    Args:
        name: any of its names (case, hyphens, underscores and blanks make no difference, and a
            plural will do), a class number such as ``"207"``, or an id of WordNet such as
            ``"n02099601"``.

    Returns:
        The label that prefers this name, or else the only one that has it among its names.

    Raises:
        LabelError: the name is empty, unknown (near names are offered) or shared by several
            labels (which are named).
    """
    name = name.strip()
    if not name:
        raise LabelError("the name of a class is empty; give one such as 'golden retriever'")
    if re.fullmatch(r"[+-]?[0-9]+", name):
        return _numbered(name)
    preferred, others = _labels_by_key()
    for spelling in keys(name):
        if spelling in preferred:
            return preferred[spelling]
        found = others.get(spelling, [])
        if len(found) == 1:
            return found[0]
        if found:
            raise LabelError(f"{_shown(name)} may be {_either(found)}; name one of them")
    near = nearest_labels(name)
    advice = f"did you mean {_either(near)}?" if near else "'puppyslug labels' lists them all"
    raise LabelError(f"there is no class or group {_shown(name)}; {advice}")


def class_name(number: int) -> str:
    """The preferred name of a class.

    Raises:
        LabelError: there is no class of this number.
    """
    return _numbered(str(number)).name


def _numbered(text: str) -> Label:
    digits = text.lstrip("+").lstrip("0") or "0"
    if not digits.isdecimal() or len(digits) > len(str(CLASSES)) or int(digits) >= CLASSES:
        raise LabelError(f"there is no class {_short(text)}; they are 0 to {CLASSES - 1}")
    return list_labels()[int(digits)]


@cache
def _labels_by_key() -> tuple[dict[str, Label], dict[str, list[Label]]]:
    """The label that prefers a name, and all that have it among their names."""
    preferred = {key(label.name): label for label in list_labels()}
    others: dict[str, list[Label]] = {}
    for label in list_labels():
        also = {key(name) for name in (*label.names, label.synset or "")}
        for spelling in also - {""}:
            others.setdefault(spelling, []).append(label)
    return preferred, others


def _either(labels: Iterable[Label]) -> str:
    return " or ".join(label.name for label in labels)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _shown(name: str) -> str:
    return repr(_short(name))

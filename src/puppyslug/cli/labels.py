"""``puppyslug labels``: the classes that networks tell apart, and the groups above them."""

import sys
from typing import Annotated

import typer

from puppyslug.cli.printing import print_table
from puppyslug.errors import LabelError
from puppyslug.labels import Label, class_name, find_label, groups_of, list_labels, search_labels

_EXAMPLES = 4  # of a group's members
_GROUPS = 3  # of those that a class belongs to, in a terminal; a pipe gets all


def labels(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD", show_default=False, help="part of a name, or a class's number"
        ),
    ] = None,
) -> None:
    """List the ImageNet classes and the groups of them.

    With WORD, those that have it in a name, and all classes of a group of that name.
    """
    word = " ".join(words) if words else None
    found = search_labels(word)
    groups = [label for label in found if label.number is None]
    classes = [label for label in found if label.number is not None]
    if word:
        classes = list(dict.fromkeys([*_members(word, needed=not found), *classes]))
    if groups:
        header = ("group", "also called", "classes", "such as")
        print_table(header, [_group_row(label) for label in groups])
    if groups and classes:
        print()
    if classes:
        header = ("number", "class", "also called", "member of")
        print_table(header, [_class_row(label) for label in classes])


def _members(word: str, *, needed: bool) -> list[Label]:
    """The classes that a word names; none where it names nothing, unless they are needed."""
    try:
        return [list_labels()[number] for number in find_label(word).members]
    except LabelError:
        if needed:
            raise
        return []


def _group_row(group: Label) -> tuple[str, ...]:
    every = max(1, len(group.members) // _EXAMPLES)
    examples = ", ".join(class_name(number) for number in group.members[::every][:_EXAMPLES])
    return (group.name, _also(group), str(len(group.members)), examples)


def _class_row(label: Label) -> tuple[str, ...]:
    groups = [group.name for group in groups_of(label)]
    if sys.stdout.isatty():
        groups = [*groups[:_GROUPS], *(["…"] if len(groups) > _GROUPS else [])]
    return (str(label.number), label.name, _also(label), ", ".join(groups))


def _also(label: Label) -> str:
    return ", ".join(label.names[1:])

"""``puppyslug labels``: the classes that networks tell apart, and the groups above them."""

import sys
from typing import Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.tables import print_table
from puppyslug.errors import LabelError
from puppyslug.labels import Label, Vocabulary, bundled
from puppyslug.networks import find_spec
from puppyslug.recipe.presets import EYES
from puppyslug.recipe.settings import take_files

_EXAMPLES = 4  # of a group's members
_GROUPS = 3  # of those that a class belongs to, in a terminal; a pipe gets all

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="WORD", show_default=False, help="part of a name, or a class's number"),
]


@options.takes_settings(
    "network", "labels", network=f"network whose classes to list [default: {EYES}]"
)
def labels(words: Words = None, *, settings: dict[str, object]) -> int:
    """List the classes that a network knows, and the groups of them.

    With WORD, those that have it in a name, and all classes of a group of that name.
    """
    vocabulary = _vocabulary(settings)
    word = " ".join(words) if words else None
    found = vocabulary.search(word)
    groups = [label for label in found if label.number is None]
    classes = [label for label in found if label.number is not None]
    if word:
        classes = list(dict.fromkeys([*_members(vocabulary, word, needed=not found), *classes]))
    if groups:
        header = ("group", "also called", "classes", "such as")
        print_table(header, [_group_row(vocabulary, label) for label in groups])
    if groups and classes:
        print()
    if classes:
        header = ("number", "class", "also called", "member of")
        print_table(header, [_class_row(vocabulary, label) for label in classes])
    return 0


def _vocabulary(settings: dict[str, object]) -> Vocabulary:
    name = str(settings.get("network", EYES))
    spec = find_spec(name)
    _, files = take_files(settings)
    if files.labels is not None:
        return Vocabulary.read(files.labels, classes=spec.classes)
    found = bundled(spec.vocabulary)
    if found is not None:
        return found
    from puppyslug.networks.loader import load_network

    return load_network(name).known_vocabulary()


def _members(vocabulary: Vocabulary, word: str, *, needed: bool) -> list[Label]:
    """The classes that a word names; none where it names nothing, unless they are needed."""
    try:
        return [vocabulary.labels[number] for number in vocabulary.find(word).members]
    except LabelError:
        if needed:
            raise
        return []


def _group_row(vocabulary: Vocabulary, group: Label) -> tuple[str, ...]:
    every = max(1, len(group.members) // _EXAMPLES)
    chosen = group.members[::every][:_EXAMPLES]
    examples = ", ".join(vocabulary.class_name(number) for number in chosen)
    return (group.name, _also(group), str(len(group.members)), examples)


def _class_row(vocabulary: Vocabulary, label: Label) -> tuple[str, ...]:
    groups = [group.name for group in vocabulary.groups_of(label)]
    if sys.stdout.isatty():
        groups = [*groups[:_GROUPS], *(["…"] if len(groups) > _GROUPS else [])]
    return (str(label.number), label.name, _also(label), ", ".join(groups))


def _also(label: Label) -> str:
    return ", ".join(label.names[1:])

"""``puppyslug labels``: the classes of a network, and the groups above them."""

import sys
from typing import Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.tables import print_table
from puppyslug.errors import LabelError
from puppyslug.labels import Label, Vocabulary, bundled_vocabulary
from puppyslug.networks import find_spec
from puppyslug.recipe import extract_files
from puppyslug.recipe.defaults import CLASSIFIER

EXAMPLES_PER_GROUP = 4
MAX_GROUPS = 3  # shown per class in a terminal; a pipe gets all

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="WORD", show_default=False, help="part of a name, or the number of a class"
    ),
]


@options.recipe_options(
    "network", "labels", network=f"network whose classes are listed [default: {CLASSIFIER}]"
)
def labels(words: Words = None, *, settings: dict[str, object]) -> int:
    """List the classes of a network, and their groups.

    With WORD, list those with the word in a name, and all classes of a group of that name.
    """
    vocabulary = _load_vocabulary(settings)
    word = " ".join(words) if words else None
    found = vocabulary.search(word)
    groups = [label for label in found if label.number is None]
    classes = [label for label in found if label.number is not None]
    if word:
        named = _find_classes(vocabulary, word, required=not found)
        classes = list(dict.fromkeys([*named, *classes]))
    if groups:
        header = ("group", "also called", "classes", "such as")
        print_table(header, [_group_row(vocabulary, label) for label in groups])
    if groups and classes:
        print()
    if classes:
        header = ("number", "class", "also called", "member of")
        print_table(header, [_class_row(vocabulary, label) for label in classes])
    return 0


def _load_vocabulary(settings: dict[str, object]) -> Vocabulary:
    """Return the vocabulary of ``--labels``, or of the network, which is loaded only if needed."""
    name = str(settings.get("network", CLASSIFIER))
    spec = find_spec(name)
    _, files = extract_files(settings)
    if files.labels is not None:
        return Vocabulary.from_file(files.labels, classes=spec.classes)
    bundled = bundled_vocabulary(spec.vocabulary)
    if bundled is not None:
        return bundled
    from puppyslug.networks.loader import load_network

    return load_network(name).require_vocabulary()


def _find_classes(vocabulary: Vocabulary, word: str, *, required: bool) -> list[Label]:
    """Return the classes that a word names.

    Raises:
        LabelError: ``required``, and it names none.
    """
    try:
        return [vocabulary.labels[number] for number in vocabulary.find(word).class_numbers]
    except LabelError:
        if required:
            raise
        return []


def _group_row(vocabulary: Vocabulary, group: Label) -> tuple[str, ...]:
    interval = max(1, len(group.class_numbers) // EXAMPLES_PER_GROUP)
    numbers = group.class_numbers[::interval][:EXAMPLES_PER_GROUP]
    examples = ", ".join(vocabulary.class_name(number) for number in numbers)
    return (group.name, _synonyms(group), str(len(group.class_numbers)), examples)


def _class_row(vocabulary: Vocabulary, label: Label) -> tuple[str, ...]:
    groups = [group.name for group in vocabulary.groups_of(label)]
    if sys.stdout.isatty():
        groups = [*groups[:MAX_GROUPS], *(["…"] if len(groups) > MAX_GROUPS else [])]
    return (str(label.number), label.name, _synonyms(label), ", ".join(groups))


def _synonyms(label: Label) -> str:
    return ", ".join(label.names[1:])

"""``puppyslug classify``: what a network recognises in images, and where."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.classification_report import (
    ImageReport,
    print_bars,
    print_plain,
    print_side_by_side,
)
from puppyslug.cli.destination import Destination
from puppyslug.cli.messages import print_message
from puppyslug.cli.weights import resolve_weights
from puppyslug.labels import Label, label_finder
from puppyslug.networks import find_spec
from puppyslug.objectives import ClassMask
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.recipe import extract_files
from puppyslug.recipe.defaults import CLASSIFIED_SIDE, CLASSIFIER, TOP_CLASSES

if TYPE_CHECKING:
    from puppyslug.images import LoadedImage
    from puppyslug.networks.network import Network
    from puppyslug.recognition.classification import Classification, ClassProbability

Images = Annotated[list[Path], typer.Argument(metavar="IMAGE…", help="image files")]
Top = Annotated[
    int, typer.Option("--top", metavar="N", min=1, help="number of classes to print per image")
]
Map = Annotated[
    Path | None,
    typer.Option(
        "--map",
        metavar="OUT",
        help="save a heat map of where the most probable class, or that of --see, is recognised",
    ),
]
See = Annotated[
    str | None,
    typer.Option(
        "--see", metavar="NAME", help="also print this class or group, and show it on the map"
    ),
]


@options.recipe_options(
    "network", "weights", "labels", network=f"classifier [default: {CLASSIFIER}]"
)
def classify(
    images: Images,
    *,
    settings: dict[str, object],
    top: Top = TOP_CLASSES,
    see: See = None,
    map_file: Map = None,
    force: options.Force = False,
) -> int:
    """Print what a network recognises in images.

    A network always guesses, even if it knows nothing in the image; a first guess below 30 % is
    marked as unsure. Two images, such as a photo and its dream, are compared side by side.
    """
    name = str(settings.get("network", CLASSIFIER))
    spec = find_spec(name)
    if see is not None and "labels" not in settings:
        SeeTerm.parse(see, label_finder(spec.vocabulary))
    from puppyslug.images import check_image_file

    for path in images:
        check_image_file(path)
    destination = None
    if map_file is not None:
        destination = Destination.from_option(
            map_file, folder=images[0].parent, stem=f"{images[0].stem}.map", overwrite=force
        )
        destination.check_not_input(*images)

    from puppyslug.networks.loader import load_network
    from puppyslug.recognition.classification import classify as classify_image

    _, files = extract_files(settings)
    weights = resolve_weights(files.weights, quiet=False)
    network = load_network(name, weights=weights, labels=files.labels)
    label = None if see is None else SeeTerm.parse(see, network.find_label).label
    photos = _load_photos(images, same_size=destination is not None)
    classes = network.spec.classes
    results = [classify_image(photo.image, network=network, top=classes) for photo in photos]
    reports = [
        ImageReport(path, result, _select_classes(result, top, label))
        for path, result in zip(images, results, strict=True)
    ]
    if not sys.stdout.isatty():
        print_plain(reports)
    elif len(reports) == 2:
        print_side_by_side(*reports)
    else:
        for report in reports:
            print_bars(report)
    if destination is not None:
        _save_map(destination, network, photos, results, label)
    return 0


def _load_photos(paths: Sequence[Path], *, same_size: bool) -> "list[LoadedImage]":
    """Load images, scaled down to the size that is classified.

    Args:
        paths: the files.
        same_size: whether to scale all of them to the size of the last one.
    """
    from puppyslug.images import load_image

    photos = [load_image(path, longest=CLASSIFIED_SIDE) for path in paths]
    for photo in photos:
        for notice in photo.notices:
            print_message(notice)
    if same_size and len({photo.size for photo in photos}) > 1:
        photos = [load_image(path, size=photos[-1].size) for path in paths]
    return photos


def _select_classes(
    result: "Classification", top: int, label: Label | None
) -> "list[ClassProbability]":
    """Return the most probable classes, and the most probable one of a label."""
    guesses = list(result.guesses[:top])
    matching = [guess for guess in result.guesses if label and guess.number in label.class_numbers]
    return guesses + [guess for guess in matching[:1] if guess not in guesses]


def _save_map(
    destination: Destination,
    network: "Network",
    photos: "Sequence[LoadedImage]",
    results: "Sequence[Classification]",
    label: Label | None,
) -> None:
    """Save a heat map of each image, several of them on a contact sheet."""
    from puppyslug.images.contact_sheet import Cell, contact_sheet
    from puppyslug.images.overlays import draw_heat_map
    from puppyslug.recognition.masks import mask_from_class

    cells = []
    for photo, result in zip(photos, results, strict=True):
        name = result.guesses[0].name if label is None else label.name
        term = SeeTerm.parse(name, network.find_label)
        heat = mask_from_class(ClassMask(term), network, photo.image)
        cells.append(Cell(draw_heat_map(photo.image, heat), name, photo.name))
    destination.save(cells[0].picture if len(cells) == 1 else contact_sheet(cells), "")

"""``puppyslug classify``: what a network sees in a picture, and how sure it is."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug import objectives
from puppyslug.cli import options
from puppyslug.cli.downloads import local_weights
from puppyslug.cli.output import Destination, printable
from puppyslug.cli.tables import print_columns
from puppyslug.labels import Label, finder
from puppyslug.networks import find_spec
from puppyslug.objectives import Mask
from puppyslug.recipe.presets import EYES
from puppyslug.recipe.settings import take_files

if TYPE_CHECKING:
    from puppyslug.images import Photo
    from puppyslug.networks.network import Network
    from puppyslug.recognition.classification import Guess, Verdict

_BAR = 24  # characters of a full bar; two stand side by side in 80 columns
_EIGHTHS = " ▏▎▍▌▋▊▉"

Images = Annotated[list[Path], typer.Argument(metavar="IMAGE…", help="pictures to look at")]
Top = Annotated[int, typer.Option("--top", metavar="N", min=1, help="how many classes to name")]
Map = Annotated[
    Path | None,
    typer.Option(
        "--map", metavar="OUT", help="picture of where it sees the likeliest class, or --see"
    ),
]
See = Annotated[
    str | None,
    typer.Option(
        "--see", metavar="NAME", help="also a thing of your own: in the list, and on the map"
    ),
]


@options.takes_settings(
    "network", "weights", "labels", network=f"network that looks [default: {EYES}]"
)
def classify(
    images: Images,
    *,
    settings: dict[str, object],
    top: Top = 5,
    see: See = None,
    map_file: Map = None,
    force: options.Force = False,
) -> int:
    """Say what a network sees in pictures.

    A network always guesses, even where there is nothing that it knows; a first guess below 30 % is
    called unsure. Two pictures, such as a photo and its dream, stand side by side.
    """
    name = str(settings.get("network", EYES))
    spec = find_spec(name)
    if see is not None and "labels" not in settings:
        objectives.see(see, finder(spec.vocabulary))
    from puppyslug.images import check_readable

    for path in images:
        check_readable(path)
    destination = None
    if map_file is not None:
        destination = Destination.choose(
            map_file, beside=images[0].parent, stem=f"{images[0].stem}.map", force=force
        )
        for path in images:
            destination.refuse(path)

    from puppyslug.images import load_image
    from puppyslug.networks.loader import load_network
    from puppyslug.recognition.classification import LONGEST
    from puppyslug.recognition.classification import classify as look

    _, files = take_files(settings)
    weights = files.weights
    if isinstance(weights, str):
        weights = local_weights(weights, quiet=False)
    network = load_network(name, weights=weights, labels=files.labels)
    label = None if see is None else objectives.see(see, network.find_label).seen[0].label
    photos = [load_image(path, longest=LONGEST) for path in images]
    if destination is not None and len({photo.size for photo in photos}) > 1:
        photos = [load_image(path, size=photos[-1].size) for path in images]
    verdicts = [look(p.image, network=network, top=network.spec.classes) for p in photos]
    named = [_named(verdict, top, label) for verdict in verdicts]
    if not sys.stdout.isatty():
        _print_plainly(images, verdicts, named)
    elif len(images) == 2:
        _print_side_by_side(images, verdicts, named)
    else:
        for path, verdict, guesses in zip(images, verdicts, named, strict=True):
            _print_bars(path, verdict, guesses)
    if destination is not None:
        _save_map(destination, network, photos, verdicts, label)
    return 0


def _named(verdict: "Verdict", top: int, label: Label | None) -> "list[Guess]":
    """The likeliest guesses, and the likeliest one that was asked for."""
    guesses = list(verdict.guesses[:top])
    asked = [guess for guess in verdict.guesses if label and guess.number in label.members][:1]
    return guesses + [guess for guess in asked if guess not in guesses]


def _print_plainly(
    images: list[Path], verdicts: "list[Verdict]", named: "list[list[Guess]]"
) -> None:
    rows = [
        (
            printable(str(path)),
            str(guess.number),
            guess.name,
            f"{guess.probability:.4f}",
            "" if rank else _remark(verdict),
        )
        for path, verdict, guesses in zip(images, verdicts, named, strict=True)
        for rank, guess in enumerate(guesses)
    ]
    print_columns(("picture", "number", "class", "probability", ""), rows)


def _print_bars(path: Path, verdict: "Verdict", guesses: "list[Guess]") -> None:
    print(_headed(path, verdict))
    for guess in guesses:
        print(f"  {_shortened(guess.name, 30)}  {_bar(guess.probability)} {guess.probability:5.1%}")


def _print_side_by_side(
    images: list[Path], verdicts: "list[Verdict]", named: "list[list[Guess]]"
) -> None:
    """What the network saw in the one and in the other, the same class on the same line."""
    before, after = (
        {guess.number: guess.probability for guess in verdict.guesses} for verdict in verdicts
    )
    names = {guess.number: guess.name for guess in verdicts[0].guesses}
    shown = dict.fromkeys(guess.number for guesses in named for guess in guesses)
    width = _BAR // 2
    titles = (printable(path.name) for path in images)
    print(" " * 24 + "  ".join(_shortened(title, width + 8) for title in titles))
    for number in shown:
        cells = (
            f"{_bar(chance, width)} {chance:6.1%} " for chance in (before[number], after[number])
        )
        print(f"{_shortened(names[number], 22)}  {'  '.join(cells)}".rstrip())
    for path, verdict in zip(images, verdicts, strict=True):
        if _remark(verdict):
            print(_headed(path, verdict))


def _headed(path: Path, verdict: "Verdict") -> str:
    remark = _remark(verdict)
    guesses = ", these are guesses" if not verdict.sure else ""
    return f"{printable(path.name)}: {remark}{guesses}" if remark else printable(path.name)


def _remark(verdict: "Verdict") -> str:
    """What there is to say of a verdict beside its guesses; of a taught network, its choice."""
    return verdict.thing or "" if verdict.sure else "unsure"


def _bar(share: float, width: int = _BAR) -> str:
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def _shortened(text: str, width: int) -> str:
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


def _save_map(
    destination: Destination,
    network: "Network",
    photos: "list[Photo]",
    verdicts: "list[Verdict]",
    label: Label | None,
) -> None:
    from puppyslug.images.contact_sheet import Tile, contact_sheet
    from puppyslug.images.overlays import heat_map
    from puppyslug.recognition.masks import mask_by_name

    tiles = []
    for photo, verdict in zip(photos, verdicts, strict=True):
        name = verdict.guesses[0].name if label is None else label.name
        seen = objectives.see(name, network.find_label).seen[0]
        heat = mask_by_name(Mask(seen), network, photo.image)
        tiles.append(Tile(heat_map(photo.image, heat), name, photo.name))
    picture = tiles[0].picture if len(tiles) == 1 else contact_sheet(tiles)
    destination.save(picture, "")

"""``puppyslug atlas show``, ``search`` and ``like``: what portraits show."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.messages import format_duration, print_message
from puppyslug.cli.tables import print_table
from puppyslug.errors import AtlasError, PuppyslugError
from puppyslug.networks import find_spec
from puppyslug.networks.external import trust
from puppyslug.recipe import Recipe
from puppyslug.recipe.defaults import ATLAS_RESULTS
from puppyslug.visualization.atlas import Atlas, AtlasNotBuiltError, find_atlas, list_atlases

if TYPE_CHECKING:
    from puppyslug.visualization.atlas.index import AtlasEntry

MAX_GUESSES = 3  # per portrait, in a table
MAX_NEIGHBOURS = 3  # likewise
_CHANNEL = re.compile(r"(?:(?P<layer>.+):)?(?P<number>\d{1,9})")

Network = Annotated[
    str | None,
    typer.Argument(metavar="NETWORK", help="name of the network", show_default=False),
]
Layer = Annotated[
    str | None,
    typer.Argument(metavar="LAYER", help="name of the layer", show_default=False),
]
Channels = Annotated[
    list[int] | None,
    typer.Argument(metavar="CHANNEL…", help="only these channels", show_default=False),
]
Words = Annotated[
    list[str],
    typer.Argument(
        metavar="WORD…", help="name of a class or of a group such as dog, or a part of it"
    ),
]
Channel = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="its number, or layer and number: relu5_2:37")
]
NetworkFilter = Annotated[
    str | None,
    typer.Option("--network", metavar="NAME", help="search only the atlases of this network"),
]
LayerFilter = Annotated[
    str | None,
    typer.Option("--layer", metavar="L", help="search only the atlases of this layer"),
]
ChannelLayer = Annotated[
    str | None,
    typer.Option(
        "--layer", metavar="L", help="the channel's layer [default: the network's default layer]"
    ),
]
Top = Annotated[int, typer.Option("--top", metavar="N", min=1, help="maximum number of results")]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="OUT", help="also save a contact sheet (.png, .jpg, …)"),
]
OutputOrPage = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="also save a contact sheet (.png, …) or a page (.html)",
    ),
]


def show(
    network: Network = None,
    layer: Layer = None,
    channels: Channels = None,
    *,
    output: OutputOrPage = None,
    force: options.Force = False,
) -> int:
    """List all atlases, or what the portraits of one show."""
    if network is None or layer is None:
        _print_atlases(network)
        return 0
    atlas = _find_atlas(network, layer)
    entries = [atlas.entry(n) for n in channels] if channels else atlas.index.entries
    if output is not None and output.suffix.lower() == ".html":
        from puppyslug.visualization.atlas.export import save_page

        save_page(atlas, output, overwrite=force)
        print(output)
        return 0
    _check_output(output, force=force)
    rows = [
        (
            str(entry.number),
            describe_portrait(entry),
            ", ".join(str(one.number) for one in entry.neighbours[:MAX_NEIGHBOURS]),
        )
        for entry in entries
    ]
    print_table(("number", "shows", "most similar"), rows)
    _save_sheet([(atlas, entry) for entry in entries], output)
    return 0


def search(
    words: Words,
    *,
    network: NetworkFilter = None,
    layer: LayerFilter = None,
    top: Top = ATLAS_RESULTS,
    output: Output = None,
    force: options.Force = False,
) -> int:
    """Find channels and classes by what their portraits show."""
    _check_output(output, force=force)
    if network is not None and layer is not None:
        atlases = [_find_atlas(network, layer)]
    else:
        atlases = [
            atlas
            for atlas in list_atlases()
            if network in (None, atlas.index.network) and layer in (None, atlas.index.layer)
        ]
    if not atlases:
        raise AtlasError(
            f"there is no atlas of {layer or network or 'any network'}; 'puppyslug atlas show' "
            "lists all atlases"
        )
    text = " ".join(words)
    scored = [(score, atlas, entry) for atlas in atlases for entry, score in atlas.search(text)]
    scored.sort(key=lambda one: -one[0])
    found = [(atlas, entry) for _, atlas, entry in scored[:top]]
    if not found:
        raise AtlasError(
            f"no portrait in {', '.join(atlas.title for atlas in atlases)} shows {text!r}; try a "
            "more general word, such as dog, bird or building"
        )
    rows = [
        (atlas.index.network, atlas.index.layer, str(entry.number), describe_portrait(entry))
        for atlas, entry in found
    ]
    print_table(("network", "layer", "number", "shows"), rows)
    _save_sheet(found, output)
    return 0


@options.recipe_options("network")
def like(
    channel: Channel,
    *,
    settings: dict[str, object],
    layer: ChannelLayer = None,
    output: Output = None,
    force: options.Force = False,
) -> int:
    """Find the channels that the same portraits activate."""
    match = _CHANNEL.fullmatch(channel)
    if match is None:
        raise AtlasError(f"{channel!r} is not a channel; give its number, or relu5_2:37")
    _check_output(output, force=force)
    spec = find_spec(Recipe.complete(settings).network)
    atlas = _find_atlas(spec.name, match["layer"] or layer or spec.default_layer)
    number = int(match["number"])
    found = [(atlas.entry(number), 1.0), *atlas.like(number)]
    rows = [
        (f"{similarity:.2f}", str(entry.number), describe_portrait(entry))
        for entry, similarity in found
    ]
    print_table(("similarity", "number", "shows"), rows)
    _save_sheet([(atlas, entry) for entry, _ in found], output)
    return 0


def describe_portrait(entry: "AtlasEntry") -> str:
    """Return what a portrait shows, such as ``tabby 61%, tiger cat 20%``."""
    guesses = ", ".join(f"{one.name} {one.probability:.0%}" for one in entry.guesses[:MAX_GUESSES])
    text = guesses if entry.sure else f"unsure: {guesses}"
    return f"{entry.name} (recognised as {text})" if entry.name else text


def _print_atlases(network: str | None) -> None:
    """Print a table of all atlases, or of those of one network.

    Raises:
        AtlasError: there is none.
    """
    atlases = [
        atlas
        for atlas in list_atlases(lambda error: print_message(str(error)))
        if network in (None, atlas.index.network)
    ]
    if not atlases:
        raise AtlasError(
            f"there is no atlas of {network or 'any network'}; build one with 'puppyslug atlas "
            f"build {network or 'NETWORK'} LAYER'"
        )
    rows = [
        (
            atlas.index.network,
            atlas.index.layer,
            str(len(atlas.index.entries)),
            str(atlas.index.size),
            str(atlas.folder),
        )
        for atlas in atlases
    ]
    print_table(("network", "layer", "portraits", "pixels", "folder"), rows)


def _find_atlas(network: str, layer: str) -> Atlas:
    """Find the atlas of a layer.

    Raises:
        AtlasNotBuiltError: there is none; the message says how to build it, and how long it takes.
    """
    trust(network)
    try:
        return find_atlas(network, layer)
    except AtlasNotBuiltError as error:
        from puppyslug.networks.loader import load_network
        from puppyslug.visualization.atlas.plan import estimate_seconds, plan_atlas

        try:
            loaded = load_network(network, winograd="steady")
            plan = plan_atlas(loaded, layer)
            seconds = estimate_seconds(loaded, plan, plan.channels)
        except PuppyslugError:  # for example because the weights are not downloaded
            raise error from None
        time = format_duration(seconds)
        raise AtlasNotBuiltError(f"{error}, in about {time} on this machine") from None


def _check_output(output: Path | None, *, force: bool) -> None:
    if output is not None:
        from puppyslug.images import validate_output_path

        validate_output_path(output, overwrite=force)


def _save_sheet(portraits: "Sequence[tuple[Atlas, AtlasEntry]]", output: Path | None) -> None:
    if output is not None:
        from puppyslug.visualization.atlas.export import save_sheet

        save_sheet(portraits, output)
        print(output)

"""``puppyslug atlas``: what every channel of a layer, or every class, looks for."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.output import say
from puppyslug.cli.portrait import Size, Steps
from puppyslug.cli.run import INTERRUPTED, Bar, duration
from puppyslug.cli.tables import print_table
from puppyslug.errors import AtlasError, PuppyslugError
from puppyslug.networks import find_spec
from puppyslug.networks.external.loader import allow
from puppyslug.recipe.presets import SEEING, find_preset
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import take_files
from puppyslug.visualization.atlas import Atlas, UnbuiltError, find_atlas, known_atlas, list_atlases

if TYPE_CHECKING:
    from puppyslug.visualization.atlas.index import Entry

SHOWN = 3  # guesses, and channels alike, in a table
_CHANNEL = re.compile(r"(?:(?P<layer>.+):)?(?P<number>\d{1,9})")

NetworkName = Annotated[str, typer.Argument(metavar="NETWORK", help="a network's name")]
LayerName = Annotated[
    str, typer.Argument(metavar="LAYER", help="one of its layers; 'labels' for its classes")
]
MaybeNetwork = Annotated[
    str | None, typer.Argument(metavar="NETWORK", help="a network's name", show_default=False)
]
MaybeLayer = Annotated[
    str | None, typer.Argument(metavar="LAYER", help="one of its layers", show_default=False)
]
Channels = Annotated[
    list[int] | None,
    typer.Argument(metavar="CHANNEL…", help="only these", show_default=False),
]
Words = Annotated[
    list[str], typer.Argument(metavar="WORD…", help="a class, a group such as dog, or part of it")
]
Channel = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="its number, or with its layer: relu5_2:37")
]
Classifier = Annotated[
    str,
    typer.Option("--classifier", metavar="NAME", help="network that names what portraits show"),
]
Top = Annotated[int, typer.Option("--top", metavar="N", min=1, help="how many to name")]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="OUT", help="also a contact sheet (.png, .jpg, …)"),
]
OutputOrPage = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="OUT", help="a contact sheet (.png, …), or a page (.html)"
    ),
]
EYES = str(find_preset(SEEING).settings["network"])

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@app.callback()
def atlas(context: typer.Context) -> None:
    """Portraits of every channel or class: build, name and search them."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
@options.takes_settings("weights", "labels", "seed", "precision", "device", "threads")
def build(
    network: NetworkName,
    layer: LayerName,
    *,
    settings: dict[str, object],
    size: Size | None = None,
    steps: Steps | None = None,
    classifier: Classifier = EYES,
    force: Annotated[bool, typer.Option("--force", help="begin again")] = False,
    cluster: options.Cluster = None,
    quiet: options.Quiet = False,
) -> int:
    """Draw the portraits of a whole layer, and name them.

    It takes from minutes to hours. What is broken off goes on where it stopped.
    """
    allow(network)
    find_spec(network).layer(layer)
    settings, files = take_files({"network": network, **settings})
    recipe = Recipe.complete(settings)

    import torch

    from puppyslug.cluster import connected
    from puppyslug.networks.loader import load_network
    from puppyslug.visualization.atlas.builder import build as build_atlas
    from puppyslug.visualization.atlas.builder import estimate_seconds, plan
    from puppyslug.visualization.atlas.export import PAGE, SHEET
    from puppyslug.visualization.atlas.locations import folder_name, own_folder
    from puppyslug.visualization.atlas.portrait_cache import Drawings

    with connected(cluster) as place, ExitStack() as hired:
        names = load_network(classifier)
        names.known_vocabulary()
        if recipe.threads is not None:
            torch.set_num_threads(recipe.threads)
        loaded = load_network(
            network,
            weights=files.weights,
            labels=files.labels,
            precision=recipe.precision,
            device=recipe.device,
            winograd="steady",
        )
        job = plan(loaded, layer, size=size, steps=steps, seed=recipe.seed)
        known = known_atlas(loaded.spec, layer, loaded.weights_sha256)
        if known is not None and not force:
            say(f"the atlas of {known.title} is here already; --force draws it again", quiet=quiet)
            print(known.folder)
            return 0
        folder = own_folder() / folder_name(job.network, job.layer, job.weights)
        drawings = Drawings(folder, job, fresh=force)
        missing = sum(map(len, drawings.missing()))
        draw, at_once = None, 1
        if place is not None:
            from puppyslug.cluster.atlas import crew_for_atlas, drawing

            tell = partial(say, quiet=quiet)
            crew = hired.enter_context(crew_for_atlas(place, loaded, files, job, tell))
            draw = drawing(crew, job)
            at_once = crew.at_once(len(drawings.missing()))
        if not quiet:
            time = duration(estimate_seconds(loaded, job, missing) / at_once)
            say(f"{missing} portraits of {job.size}×{job.size} to draw: about {time}")
        try:
            with Bar(f"{network} {layer}", quiet=quiet) as bar:
                for progress in build_atlas(drawings, loaded, names, draw):
                    bar.move(*progress)
        except KeyboardInterrupt:
            kept = job.channels - sum(map(len, drawings.missing()))
            say(f"interrupted: {kept} of {job.channels} are kept; the same command goes on")
            return INTERRUPTED
        finally:
            drawings.close()
        for name in (SHEET, PAGE):
            print(folder / name)
        return 0


@app.command()
def show(
    network: MaybeNetwork = None,
    layer: MaybeLayer = None,
    channels: Channels = None,
    *,
    output: OutputOrPage = None,
    force: options.Force = False,
) -> int:
    """List the atlases here, or what is in one."""
    if network is None or layer is None:
        whole = list_atlases(lambda error: say(str(error)))
        found = [one for one in whole if network in (None, one.index.network)]
        if not found:
            raise AtlasError(
                f"there is no atlas of {network or 'anything'} yet; 'puppyslug atlas build "
                f"{network or 'NETWORK'} LAYER' draws one"
            )
        print_table(("network", "layer", "portraits", "pixels", "folder"), [
            (one.index.network, one.index.layer, str(len(one.index.entries)),
             str(one.index.size), str(one.folder))
            for one in found
        ])  # fmt: skip
        return 0
    atlas = _wanted(network, layer)
    entries = atlas.index.entries if not channels else [atlas.entry(n) for n in channels]
    if output is not None and output.suffix.lower() == ".html":
        _save_page(atlas, output, force=force)
        return 0
    _check(output, force=force)
    rows = [(*_row(entry), _neighbours(entry)) for entry in entries]
    print_table(("number", "shows", "most like it"), rows)
    _save_sheet([(atlas, entry) for entry in entries], output)
    return 0


@app.command()
def search(
    words: Words,
    *,
    network: Annotated[
        str | None, typer.Option("--network", metavar="NAME", help="only in its atlases")
    ] = None,
    layer: Annotated[
        str | None, typer.Option("--layer", metavar="L", help="only in this layer's")
    ] = None,
    top: Top = 12,
    output: Output = None,
    force: options.Force = False,
) -> int:
    """Find channels and classes by what their portraits show."""
    _check(output, force=force)
    if network is not None and layer is not None:
        atlases = [_wanted(network, layer)]
    else:
        atlases = [
            one
            for one in list_atlases()
            if network in (None, one.index.network) and layer in (None, one.index.layer)
        ]
    if not atlases:
        raise AtlasError(
            f"there is no atlas of {layer or network or 'anything'} yet; 'puppyslug atlas show' "
            "lists those that there are"
        )
    text = " ".join(words)
    scored = [(score, atlas, entry) for atlas in atlases for entry, score in atlas.search(text)]
    scored.sort(key=lambda one: -one[0])
    found = [(atlas, entry) for _, atlas, entry in scored[:top]]
    if not found:
        raise AtlasError(
            f"no portrait in {', '.join(one.title for one in atlases)} looks like {text!r}; try a "
            "wider word, such as dog, bird or building"
        )
    rows = [(atlas.index.network, atlas.index.layer, *_row(entry)) for atlas, entry in found]
    print_table(("network", "layer", "number", "shows"), rows)
    _save_sheet(found, output)
    return 0


@app.command()
@options.takes_settings("network")
def like(
    channel: Channel,
    *,
    settings: dict[str, object],
    layer: Annotated[
        str | None,
        typer.Option("--layer", metavar="L", help="its layer [default: the network's own]"),
    ] = None,
    output: Output = None,
    force: options.Force = False,
) -> int:
    """Find the channels that answer to the same portraits as one does."""
    match = _CHANNEL.fullmatch(channel)
    if match is None:
        raise AtlasError(f"{channel!r} is no channel; write its number, or relu5_2:37")
    _check(output, force=force)
    spec = find_spec(Recipe.complete(settings).network)
    atlas = _wanted(spec.name, match["layer"] or layer or spec.default_layer)
    own, found = atlas.entry(int(match["number"])), atlas.like(int(match["number"]))
    rows = [(f"{likeness:.2f}", *_row(entry)) for entry, likeness in [(own, 1.0), *found]]
    print_table(("likeness", "number", "shows"), rows)
    _save_sheet([(atlas, entry) for entry in (own, *(entry for entry, _ in found))], output)
    return 0


def shows(entry: "Entry") -> str:
    """What a portrait shows, in words."""
    guesses = ", ".join(f"{g.name} {g.probability:.0%}" for g in entry.guesses[:SHOWN])
    text = guesses if entry.sure else f"unsure: {guesses}"
    return f"{entry.name} (seen as {text})" if entry.name else text


def _row(entry: "Entry") -> tuple[str, str]:
    return str(entry.number), shows(entry)


def _neighbours(entry: "Entry") -> str:
    return ", ".join(str(near.number) for near in entry.neighbours[:SHOWN])


def _wanted(network: str, layer: str) -> Atlas:
    """The atlas of a layer.

    Raises:
        UnbuiltError: there is none; the message says how to build it, and how long that takes.
    """
    allow(network)
    try:
        return find_atlas(network, layer)
    except UnbuiltError as error:
        from puppyslug.networks.loader import load_network
        from puppyslug.visualization.atlas.builder import estimate_seconds, plan

        try:
            loaded = load_network(network, winograd="steady")
            job = plan(loaded, layer)
            seconds = estimate_seconds(loaded, job, job.channels)
        except PuppyslugError:  # such as weights that are not here
            raise error from None
        raise UnbuiltError(f"{error}, in about {duration(seconds)} on this machine") from None


def _check(output: Path | None, *, force: bool) -> None:
    if output is not None:
        from puppyslug.images import check_output

        check_output(output, overwrite=force)


def _save_sheet(found: "Sequence[tuple[Atlas, Entry]]", output: Path | None) -> None:
    if output is not None:
        from puppyslug.visualization.atlas.export import save_sheet

        save_sheet(found, output)
        print(output)


def _save_page(atlas: Atlas, output: Path, *, force: bool) -> None:
    from puppyslug.visualization.atlas.export import save_page

    save_page(atlas, output, overwrite=force)
    print(output)

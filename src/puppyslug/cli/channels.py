"""``puppyslug channels``: which channels of a layer an image activates, and where."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.atlas_queries import describe_portrait
from puppyslug.cli.destination import Destination
from puppyslug.cli.messages import print_message
from puppyslug.cli.progress_bar import ProgressBar
from puppyslug.cli.tables import print_table
from puppyslug.cli.weights import load_selected_network
from puppyslug.networks import find_spec
from puppyslug.recipe import Recipe, extract_files
from puppyslug.recipe.defaults import CHANNEL_RESULTS, CHANNELS_SIDE
from puppyslug.visualization.atlas import find_usable_atlas

if TYPE_CHECKING:
    from PIL import Image

    from puppyslug.networks.network import Network
    from puppyslug.visualization.atlas import Atlas

Photo = Annotated[Path, typer.Argument(metavar="PHOTO", help="an image file")]
Layer = Annotated[
    str | None,
    typer.Option("--layer", metavar="L", help="layer [default: the network's default layer]"),
]
Top = Annotated[
    int, typer.Option("--top", metavar="N", min=1, max=64, help="number of channels to show")
]
Output = Annotated[
    Path | None,
    options.output_option("file or folder [default: NAME.channels.png beside the photo]"),
]


@options.recipe_options("network", "weights", "labels", "precision", "device")
def channels(
    photo: Photo,
    *,
    settings: dict[str, object],
    layer: Layer = None,
    top: Top = CHANNEL_RESULTS,
    output: Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Show which channels an image activates most strongly, and where.

    Activations are relative to those of noise. A contact sheet shows a heat map and a portrait of
    each channel. 'puppyslug dream PHOTO --layer L --channel N' amplifies one of them,
    '--strongest N' the N strongest.
    """
    settings, files = extract_files(settings)
    recipe = Recipe.complete(settings)
    spec = find_spec(recipe.network)
    layer = layer or spec.default_layer
    spec.layer(layer)
    from puppyslug.images import check_image_file

    check_image_file(photo)
    destination = Destination.from_option(
        output, folder=photo.parent, stem=f"{photo.stem}.channels", overwrite=force
    )
    destination.check_not_input(photo)

    from puppyslug.images import load_image
    from puppyslug.images.contact_sheet import Cell, contact_sheet, join_horizontally
    from puppyslug.images.overlays import draw_heat_map
    from puppyslug.recognition.channel_responses import strongest

    network = load_selected_network(recipe, files, quiet=quiet)
    loaded = load_image(photo, longest=CHANNELS_SIDE)
    for notice in loaded.notices:
        print_message(notice, quiet=quiet)
    image = loaded.image.to(network.device)
    size = (image.shape[-2], image.shape[-1])
    responses = strongest(network, layer, image, top)
    numbers = [response.channel for response in responses]
    atlas = find_usable_atlas(network.spec, layer, network.weights_sha256)
    rows = [(f"{layer}:{one.channel}", f"{one.ratio:.3g}×") for one in responses]
    if atlas is None:
        print_table(("channel", "activation"), rows)
    else:
        texts = [describe_portrait(atlas.entry(number)) for number in numbers]
        rows_with_texts = [(*row, text) for row, text in zip(rows, texts, strict=True)]
        print_table(("channel", "activation", "portrait shows"), rows_with_texts)
    cells = []
    portraits = _find_portraits(network, layer, numbers, atlas, quiet=quiet)
    for response, portrait in zip(responses, portraits, strict=True):
        heat_map = draw_heat_map(image, response.heat_map(size))
        title = f"  {atlas.entry(response.channel).title}" if atlas else ""
        pair = join_horizontally([heat_map, portrait.resize((heat_map.height, heat_map.height))])
        cells.append(Cell(pair, f"{layer}:{response.channel}{title}", f"{response.ratio:.3g} x"))
    destination.save(contact_sheet(cells), "", quiet=quiet)
    return 0


def _find_portraits(
    network: "Network", layer: str, channels: list[int], atlas: "Atlas | None", *, quiet: bool
) -> "list[Image.Image]":
    """Return the channels' portraits from the atlas; without one, draw them now."""
    if atlas is not None:
        return [atlas.portrait(channel) for channel in channels]
    from puppyslug.images import to_pil
    from puppyslug.visualization.atlas.plan import plan_atlas
    from puppyslug.visualization.atlas.renderer import render_batch

    plan = plan_atlas(network, layer)
    command = f"puppyslug atlas build {network.spec.name} {layer}"
    print_message(
        f"drawing {len(channels)} portraits; '{command}' draws and captions all of the layer",
        quiet=quiet,
    )
    with ProgressBar("portraits", quiet=quiet) as bar:
        for progress in render_batch(network, plan, channels):
            bar.update(progress.fraction, "")
    assert progress.images is not None
    return [to_pil(image[None]) for image in progress.images]

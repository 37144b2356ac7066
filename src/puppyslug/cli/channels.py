"""``puppyslug channels``: which channels of a layer answer to a picture, and where in it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.atlas import shows
from puppyslug.cli.output import Destination, say
from puppyslug.cli.run import Bar
from puppyslug.cli.tables import print_table
from puppyslug.networks import find_spec
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import take_files
from puppyslug.visualization.atlas import known_atlas

if TYPE_CHECKING:
    from PIL import Image

    from puppyslug.networks.network import Network
    from puppyslug.recognition.channel_responses import Answer
    from puppyslug.visualization.atlas import Atlas

LONGEST = 640  # pixels, of the picture that is looked at

Photo = Annotated[Path, typer.Argument(metavar="PHOTO", help="a picture")]
Layer = Annotated[
    str | None,
    typer.Option("--layer", metavar="L", help="layer to ask [default: the network's own]"),
]
Top = Annotated[int, typer.Option("--top", metavar="N", min=1, max=64, help="how many")]
Output = Annotated[
    Path | None,
    options.output("file or folder [default: NAME.channels.png beside the photo]"),
]


@options.takes_settings("network", "weights", "labels", "precision", "device")
def channels(
    photo: Photo,
    *,
    settings: dict[str, object],
    layer: Layer = None,
    top: Top = 6,
    output: Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Show which channels answer most to a picture, and where in it they fire.

    Each with what it looks for: 'puppyslug dream PHOTO --layer L --channel N' then gives it more
    of that, and '--strongest N' more of the N strongest.
    """
    settings, files = take_files(settings)
    recipe = Recipe.complete(settings)
    spec = find_spec(recipe.network)
    name = layer or spec.default_layer
    spec.layer(name)
    from puppyslug.images import check_readable

    check_readable(photo)
    destination = Destination.choose(
        output, beside=photo.parent, stem=f"{photo.stem}.channels", force=force
    )
    destination.refuse(photo)

    from puppyslug.images import load_image
    from puppyslug.images.contact_sheet import Tile, contact_sheet, side_by_side
    from puppyslug.images.overlays import heat_map
    from puppyslug.networks.loader import load_network
    from puppyslug.recognition.channel_responses import strongest

    network = load_network(
        spec,
        weights=files.weights,
        labels=files.labels,
        precision=recipe.precision,
        device=recipe.device,
        winograd="steady",
    )
    image = load_image(photo, longest=LONGEST).image.to(network.device)
    found = strongest(network, name, image, top)
    atlas = known_atlas(network.spec, name, network.weights_sha256)
    names = {a.channel: shows(atlas.entry(a.channel)) if atlas else "" for a in found}
    header = ("channel", "answers", "looks for")
    rows = [(f"{name}:{a.channel}", f"{a.times:.3g}×", names[a.channel]) for a in found]
    print_table(header if atlas else header[:2], [row if atlas else row[:2] for row in rows])
    portraits = _portraits(network, name, found, atlas, quiet=quiet)
    tiles = []
    for answer, portrait in zip(found, portraits, strict=True):
        lit = heat_map(image, answer.heat((image.shape[-2], image.shape[-1])))
        title = f"  {atlas.entry(answer.channel).title}" if atlas else ""
        pair = side_by_side([lit, portrait.resize((lit.height, lit.height))])
        tiles.append(Tile(pair, f"{name}:{answer.channel}{title}", f"{answer.times:.3g} x"))
    destination.save(contact_sheet(tiles), "", quiet=quiet)
    return 0


def _portraits(
    network: "Network", layer: str, found: "list[Answer]", atlas: "Atlas | None", *, quiet: bool
) -> "list[Image.Image]":
    """The channels' portraits: from the atlas, or drawn now where there is none."""
    if atlas is not None:
        return [atlas.portrait(answer.channel) for answer in found]
    from puppyslug.images import to_pil
    from puppyslug.visualization.atlas.builder import plan
    from puppyslug.visualization.atlas.portrait_cache import draw_batch

    job = plan(network, layer)
    command = f"puppyslug atlas build {network.spec.name} {layer}"
    say(f"drawing {len(found)} portraits; '{command}' draws all, and names them", quiet=quiet)
    with Bar("portraits", quiet=quiet) as bar:
        for drawn in draw_batch(network, job, [answer.channel for answer in found]):
            bar.move(drawn.fraction, "")
    assert drawn.images is not None
    return [to_pil(image[None]) for image in drawn.images]

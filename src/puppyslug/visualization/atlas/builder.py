"""How an atlas is built: portraits drawn, named, compared, put together."""

import math
import time
from collections.abc import Iterator
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.images import save_image
from puppyslug.images.reader import read_picture
from puppyslug.networks.network import Network
from puppyslug.objectives import Batch
from puppyslug.visualization.atlas.atlas import PICTURE, Atlas
from puppyslug.visualization.atlas.captions import answers_to, beaten_by, name_portrait, neighbours
from puppyslug.visualization.atlas.export import PAGE, SHEET, save_page, save_sheet
from puppyslug.visualization.atlas.index import Entry, Index
from puppyslug.visualization.atlas.portrait_cache import Draw, Drawings, Job, in_turn, objective_of
from puppyslug.visualization.portraits import check, way_of

QUALITY = 78  # of the portraits' WebP
_DRAWING = 0.98  # of the work; the rest is naming
_PROBE = 4  # portraits that are timed for an estimate


class Progress(NamedTuple):
    """How far a build is.

    Attributes:
        fraction: in [0, 1].
        place: where that is, in words.
    """

    fraction: float
    place: str


def plan(
    network: Network,
    layer: str,
    *,
    size: int | None = None,
    steps: int | None = None,
    seed: int = 0,
) -> Job:
    """Decide how portraits of a whole layer are drawn.

    Args:
        network: loaded with ``winograd="steady"``, so that a build goes on as it began.
        layer: the layer's name; ``"labels"`` for classes.
        size: edge of the portraits in pixels; None for one that shows what there is.
        steps: of each; None for as few as do.
        seed: another number gives other portraits.

    Raises:
        NetworkError: no such layer.
        ObjectiveError: the size is too small for the layer.
    """
    spec = network.spec.layer(layer)
    objective = objective_of(network, spec.name, 0)
    way = way_of([objective])
    edge = size or max(way.size, math.ceil(spec.smallest / 16) * 16)
    check(objective, network.spec, edge)
    return Job(
        network.spec.name,
        spec.name,
        network.weights_sha256,
        spec.channels,
        edge,
        steps or way.steps,
        seed,
        network.precision,
        network.winograd_from,
    )


def estimate_seconds(network: Network, job: Job, portraits: int) -> float:
    """Guess how long portraits will take, from the time of one step of a few."""
    several = range(min(_PROBE, job.channels))
    objective = Batch(tuple(objective_of(network, job.layer, number) for number in several))
    probe = torch.rand(len(several), 3, job.size, job.size, device=network.device)
    seconds = math.inf
    for _ in range(2):  # the first one warms up
        start = time.perf_counter()
        value_and_gradient(network, objective, probe)
        seconds = min(seconds, time.perf_counter() - start)
    return seconds / len(several) * job.steps * portraits


def build(
    drawings: Drawings, network: Network, classifier: Network, draw: Draw | None = None
) -> Iterator[Progress]:
    """Build an atlas; what is broken off goes on where it stopped.

    Args:
        drawings: what there is already, and how to go on.
        network: loaded as the drawings' job says.
        classifier: a network that knows classes, to name what the portraits show.
        draw: draws batches of portraits; None for one after the other in this process.

    Yields:
        How far it is; once it is exhausted, the atlas is there.

    Raises:
        OutputError: a full disk.
    """
    job = drawings.job
    for done, channels in drawings.draw(draw or in_turn(network, job)):
        place = f"{channels[0]} to {channels[-1]} of {job.channels}"
        yield Progress(_DRAWING * done / job.channels, place)
    yield from _put_together(drawings, network, classifier)


def portraits_of(atlas: Atlas) -> list[Tensor]:
    """All portraits of an atlas, 1×3×size×size RGB in [0, 1] each."""
    every = (atlas.portrait(entry.number) for entry in atlas.index.entries)
    return [read_picture(portrait, atlas.index.size).image for portrait in every]


def _put_together(drawings: Drawings, network: Network, classifier: Network) -> Iterator[Progress]:
    """Write everything, the index last: where it is, the atlas is whole."""
    job, folder = drawings.job, drawings.folder
    columns = math.ceil(math.sqrt(1.5 * job.channels))
    whole = Image.new("RGB", (columns * job.size, -(-job.channels // columns) * job.size))
    for number in range(job.channels):
        place = (number % columns * job.size, number // columns * job.size)
        whole.paste(drawings.picture(number), place)
    save_image(whole, folder / PICTURE, recipe_text="", overwrite=True, quality=QUALITY)
    atlas = Atlas(folder, _unnamed(network, job, columns, classifier))
    portraits = portraits_of(atlas)  # named as they will be seen
    answers = answers_to(network, job.layer, portraits)
    entries, beaten, near = [], beaten_by(answers), neighbours(answers)
    for entry, portrait in zip(atlas.index.entries, portraits, strict=True):
        share = _DRAWING + (1 - _DRAWING) * entry.number / job.channels
        yield Progress(share, f"naming {entry.number} of {job.channels}")
        named = name_portrait(portrait.to(classifier.device), classifier)
        found = {"beaten_by": beaten[entry.number], "neighbours": near[entry.number]}
        entries.append(entry.model_copy(update={**named._asdict(), **found}))
    atlas.index = atlas.index.model_copy(update={"entries": tuple(entries)})
    save_sheet([(atlas, entry) for entry in entries], folder / SHEET)
    save_page(atlas, folder / PAGE)
    atlas.index.write(folder)
    drawings.remove()


def _unnamed(network: Network, job: Job, columns: int, classifier: Network) -> Index:
    """The index before anything is known of the portraits but what they are of."""
    entries = []
    for number in range(job.channels):
        seen = objective_of(network, job.layer, number).seen
        entries.append(Entry(number=number, name=seen[0].label.name if seen else ""))
    return Index(
        network=job.network,
        layer=job.layer,
        weights=job.weights,
        size=job.size,
        columns=columns,
        steps=job.steps,
        seed=job.seed,
        classifier=classifier.spec.name,
        vocabulary=classifier.spec.vocabulary,
        entries=tuple(entries),
    )

"""Building of an atlas: portraits are rendered, captioned, compared and written."""

import math
from collections.abc import Iterator

from PIL import Image
from torch import Tensor

from puppyslug.images import save_image
from puppyslug.images.reader import read_image
from puppyslug.networks.network import Network
from puppyslug.visualization.atlas.atlas import PORTRAITS_FILE, Atlas
from puppyslug.visualization.atlas.captions import caption_portrait
from puppyslug.visualization.atlas.export import PAGE_FILE, SHEET_FILE, save_page, save_sheet
from puppyslug.visualization.atlas.index import AtlasEntry, AtlasIndex
from puppyslug.visualization.atlas.plan import AtlasPlan, class_label
from puppyslug.visualization.atlas.portrait_cache import PortraitCache
from puppyslug.visualization.atlas.renderer import BatchRenderer, sequential_renderer
from puppyslug.visualization.atlas.similarity import (
    mean_activations,
    nearest_channels,
    portrait_ranks,
)
from puppyslug.visualization.progress import StageProgress

WEBP_QUALITY = 78
_RENDERING_SHARE = 0.98  # of the running time; the rest is captioning
_GRID_ASPECT = 1.5  # columns per row of the picture that contains all portraits


def build_atlas(
    cache: PortraitCache,
    network: Network,
    classifier: Network,
    render: BatchRenderer | None = None,
) -> Iterator[StageProgress]:
    """Build an atlas; an interrupted build resumes from its cache.

    Args:
        cache: the portraits that have been rendered already.
        network: loaded as the cache's plan says.
        classifier: a network with class names, to caption the portraits.
        render: renders batches of portraits; default: one after the other in this process.

    Yields:
        The progress. The atlas is complete when the iterator is exhausted.

    Raises:
        OutputError: a file cannot be written, for example because the disk is full.
    """
    plan = cache.plan
    for finished, channels in cache.render_missing(render or sequential_renderer(network, plan)):
        stage = f"{channels[0]} to {channels[-1]} of {plan.channels}"
        yield StageProgress(_RENDERING_SHARE * finished / plan.channels, stage)
    columns = math.ceil(math.sqrt(_GRID_ASPECT * plan.channels))
    _save_portrait_grid(cache, columns)
    atlas = Atlas(cache.folder, _index_without_captions(network, plan, columns, classifier))
    yield from _caption(atlas, network, classifier)
    save_sheet([(atlas, entry) for entry in atlas.index.entries], cache.folder / SHEET_FILE)
    save_page(atlas, cache.folder / PAGE_FILE)
    atlas.index.write(cache.folder)  # last: a folder with an index is a complete atlas
    cache.clear()


def load_portraits(atlas: Atlas) -> list[Tensor]:
    """Load all portraits of an atlas, 1×3×size×size RGB in [0, 1] each."""
    pictures = (atlas.portrait(entry.number) for entry in atlas.index.entries)
    return [read_image(picture, atlas.index.size).image for picture in pictures]


def _save_portrait_grid(cache: PortraitCache, columns: int) -> None:
    """Write all portraits into one picture."""
    plan = cache.plan
    rows = math.ceil(plan.channels / columns)
    grid = Image.new("RGB", (columns * plan.size, rows * plan.size))
    for number in range(plan.channels):
        corner = (number % columns * plan.size, number // columns * plan.size)
        grid.paste(cache.load(number), corner)
    path = cache.folder / PORTRAITS_FILE
    save_image(grid, path, recipe_text="", overwrite=True, quality=WEBP_QUALITY)


def _caption(atlas: Atlas, network: Network, classifier: Network) -> Iterator[StageProgress]:
    """Add captions, ranks and neighbours to an atlas's entries, from the compressed portraits."""
    entries = atlas.index.entries
    portraits = load_portraits(atlas)
    activations = mean_activations(network, atlas.index.layer, portraits)
    ranks, neighbours = portrait_ranks(activations), nearest_channels(activations)
    captioned = []
    for entry, portrait in zip(entries, portraits, strict=True):
        fraction = _RENDERING_SHARE + (1 - _RENDERING_SHARE) * entry.number / len(entries)
        yield StageProgress(fraction, f"captioning {entry.number} of {len(entries)}")
        caption = caption_portrait(portrait.to(classifier.device), classifier)
        changes = {"rank": ranks[entry.number], "neighbours": neighbours[entry.number]}
        captioned.append(entry.model_copy(update={**caption._asdict(), **changes}))
    atlas.index = atlas.index.model_copy(update={"entries": tuple(captioned)})


def _index_without_captions(
    network: Network, plan: AtlasPlan, columns: int, classifier: Network
) -> AtlasIndex:
    entries = []
    for number in range(plan.channels):
        label = class_label(network, plan.layer, number)
        entries.append(AtlasEntry(number=number, name=label.name if label else ""))
    return AtlasIndex(
        network=plan.network,
        layer=plan.layer,
        weights=plan.weights,
        size=plan.size,
        columns=columns,
        steps=plan.steps,
        seed=plan.seed,
        classifier=classifier.spec.name,
        vocabulary=classifier.spec.vocabulary,
        entries=tuple(entries),
    )

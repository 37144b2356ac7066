"""``puppyslug atlas build``: the portraits of a whole layer."""

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.messages import EXIT_INTERRUPTED, format_duration, print_message
from puppyslug.cli.progress_bar import ProgressBar
from puppyslug.cli.weights import load_selected_network
from puppyslug.networks import find_spec
from puppyslug.networks.external import trust
from puppyslug.recipe import InputFiles, Recipe, extract_files
from puppyslug.recipe.defaults import ATLAS_CLASSIFIER
from puppyslug.visualization.atlas import find_usable_atlas

if TYPE_CHECKING:
    from puppyslug.cluster import Cluster
    from puppyslug.networks.network import Network
    from puppyslug.visualization.atlas.portrait_cache import PortraitCache

NetworkName = Annotated[str, typer.Argument(metavar="NETWORK", help="name of the network")]
LayerName = Annotated[
    str, typer.Argument(metavar="LAYER", help="name of the layer; 'labels' for the classes")
]
Size = Annotated[
    int | None,
    typer.Option(
        "--size",
        metavar="PX",
        min=1,
        help="side length in pixels [default: depends on the layer]",
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        min=1,
        help="number of steps [default: depends on the layer]",
    ),
]
Classifier = Annotated[
    str,
    typer.Option("--classifier", metavar="NAME", help="network that captions the portraits"),
]
Restart = Annotated[bool, typer.Option("--force", help="start an unfinished atlas again")]


@options.recipe_options("weights", "labels", "seed", "precision", "device", "threads")
def build(
    network: NetworkName,
    layer: LayerName,
    *,
    settings: dict[str, object],
    size: Size = None,
    steps: Steps = None,
    classifier: Classifier = ATLAS_CLASSIFIER,
    force: Restart = False,
    cluster: options.Cluster = None,
    quiet: options.Quiet = False,
) -> int:
    """Draw and caption the portraits of a whole layer.

    This takes minutes to hours. Interrupted builds resume with the same command.
    """
    trust(network)
    find_spec(network).layer(layer)
    settings, files = extract_files({"network": network, **settings})
    recipe = Recipe.complete(settings)

    import torch

    from puppyslug.cluster import connect
    from puppyslug.networks.loader import load_network
    from puppyslug.visualization.atlas.locations import atlas_folder_name, user_atlas_folder
    from puppyslug.visualization.atlas.plan import plan_atlas
    from puppyslug.visualization.atlas.portrait_cache import PortraitCache

    with connect(cluster) as connection:
        captioner = load_network(classifier)
        captioner.require_vocabulary()
        if recipe.threads is not None:
            torch.set_num_threads(recipe.threads)
        loaded = load_selected_network(recipe, files, quiet=quiet)
        plan = plan_atlas(loaded, layer, size=size, steps=steps, seed=recipe.seed)
        existing = find_usable_atlas(loaded.spec, layer, loaded.weights_sha256)
        if existing is not None and not force:
            print_message(
                f"the atlas of {existing.title} exists already; --force draws it again",
                quiet=quiet,
            )
            print(existing.folder)
            return 0
        folder = user_atlas_folder() / atlas_folder_name(plan.network, plan.layer, plan.weights)
        cache = PortraitCache(folder, plan, restart=force)
        try:
            return _build(cache, loaded, captioner, files, connection, quiet=quiet)
        finally:
            cache.close()


def _build(
    cache: "PortraitCache",
    network: "Network",
    captioner: "Network",
    files: InputFiles,
    cluster: "Cluster | None",
    *,
    quiet: bool,
) -> int:
    """Draw the missing portraits, with a progress bar; return the exit status."""
    from puppyslug.visualization.atlas.builder import build_atlas
    from puppyslug.visualization.atlas.export import PAGE_FILE, SHEET_FILE
    from puppyslug.visualization.atlas.plan import estimate_seconds

    plan = cache.plan
    batches = cache.missing_batches()
    missing = sum(map(len, batches))
    render, concurrency = None, 1
    with ExitStack() as stack:
        if cluster is not None:
            from puppyslug.cluster.atlas import create_atlas_pool, distribute_batches

            notify = partial(print_message, quiet=quiet)
            pool = create_atlas_pool(cluster, network, files, plan, notify)
            stack.enter_context(pool)
            render = distribute_batches(pool, plan)
            concurrency = pool.concurrency(len(batches))
        if not quiet:
            seconds = estimate_seconds(network, plan, missing) / concurrency
            print_message(
                f"{missing} portraits of {plan.size}×{plan.size} pixels to draw: about "
                f"{format_duration(seconds)}"
            )
        try:
            with ProgressBar(f"{plan.network} {plan.layer}", quiet=quiet) as bar:
                for progress in build_atlas(cache, network, captioner, render):
                    bar.update(progress.fraction, progress.stage)
        except KeyboardInterrupt:
            done = plan.channels - sum(map(len, cache.missing_batches()))
            print_message(
                f"interrupted: {done} of {plan.channels} portraits are stored; run the same "
                "command to resume"
            )
            return EXIT_INTERRUPTED
    for name in (SHEET_FILE, PAGE_FILE):
        print(cache.folder / name)
    return 0

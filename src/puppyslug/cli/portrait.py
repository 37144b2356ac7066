"""``puppyslug portrait``: an image that activates a channel, a neuron or a class, from noise."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.destination import Destination
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.cli.progress_bar import ProgressBar
from puppyslug.cli.weights import load_selected_network
from puppyslug.errors import OutputError
from puppyslug.networks import find_spec
from puppyslug.objectives import parse_objective
from puppyslug.recipe import Recipe, extract_files
from puppyslug.recipe.defaults import (
    NETWORK,
    PORTRAIT_BATCH,
    PORTRAIT_DIVERSITY,
    PORTRAIT_SIDE,
    PORTRAIT_STEPS,
    SEE_NETWORK,
)

if TYPE_CHECKING:
    from puppyslug.visualization.portraits import PortraitStep

ObjectiveText = Annotated[
    str,
    typer.Argument(
        metavar="OBJECTIVE", help="such as relu5_1:37, relu4_4:37@c (its neuron) or see(castle)"
    ),
]
Output = Annotated[
    Path, typer.Option("-o", "--output", metavar="OUT", help="image file: .png, .webp, …")
]
Size = Annotated[
    int,
    typer.Option("--size", metavar="PX", min=16, max=2048, help="side length in pixels"),
]
Steps = Annotated[
    int, typer.Option("--steps", metavar="N", min=1, max=10_000, help="number of steps")
]
Batch = Annotated[
    int,
    typer.Option(
        "--batch", metavar="N", min=1, max=64, help="number of diverse variants, side by side"
    ),
]
Diversity = Annotated[
    float,
    typer.Option(
        "--diversity", metavar="X", min=0, max=100, help="how strongly the variants differ"
    ),
]
Transparent = Annotated[
    bool,
    typer.Option(
        "--transparent", help="make parts without effect on the objective transparent (.png, .webp)"
    ),
]


@options.recipe_options("network", "weights", "labels", "seed", "precision", "device")
def portrait(
    objective: ObjectiveText,
    *,
    settings: dict[str, object],
    output: Output,
    size: Size = PORTRAIT_SIDE,
    steps: Steps = PORTRAIT_STEPS,
    batch: Batch = PORTRAIT_BATCH,
    diversity: Diversity = PORTRAIT_DIVERSITY,
    transparent: Transparent = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Draw what activates a channel, a neuron or a class, from noise.

    Any objective can be drawn, except those with a guide.
    """
    from puppyslug.images import supports_alpha, validate_output_path
    from puppyslug.visualization.portraits import portrait_steps, validate_portrait

    validate_output_path(output, overwrite=force)
    names_class = "see(" in objective.replace(" ", "")
    settings = {"network": SEE_NETWORK if names_class else NETWORK, **settings}
    settings, files = extract_files(settings)
    recipe = Recipe.complete(settings)
    parsed = parse_objective(objective, recipe.find_label)
    validate_portrait(parsed, find_spec(recipe.network), size)
    if transparent and not supports_alpha(output):
        raise OutputError(f"{output} cannot be transparent; use .png or .webp")
    network = load_selected_network(recipe, files, quiet=quiet)
    parsed = parsed.resolve_labels(network.find_label)
    status, last = 0, None
    try:
        with ProgressBar(str(parsed), quiet=quiet) as bar:
            for last in portrait_steps(
                [parsed] * batch,
                network,
                size=size,
                steps=steps,
                seed=recipe.seed,
                diversity=diversity if batch > 1 else 0.0,
                transparent=transparent,
            ):
                bar.update((last.step + 1) / steps, f"step {last.step + 1}/{steps}")
    except KeyboardInterrupt:
        status = EXIT_INTERRUPTED
    if last is None:
        print_message("interrupted before the first step: nothing to save", quiet=quiet)
        return EXIT_INTERRUPTED
    parameters = {
        "objective": str(parsed),
        "network": recipe.network,
        "size": size,
        "steps": last.step + 1,
        "seed": recipe.seed,
        "batch": batch,
        "transparent": transparent,
    }
    _save(last, output, parameters, force=force, quiet=quiet)
    return status


def _save(
    step: "PortraitStep", output: Path, parameters: dict[str, object], *, force: bool, quiet: bool
) -> None:
    """Save the portraits of a batch side by side, with their parameters as metadata."""
    from puppyslug.images import to_pil
    from puppyslug.images.contact_sheet import join_horizontally

    count = len(step.images)
    images = [step.images[n : n + 1] for n in range(count)]
    alphas = [None if step.alpha is None else step.alpha[n : n + 1] for n in range(count)]
    picture = join_horizontally([to_pil(*pair) for pair in zip(images, alphas, strict=True)])
    metadata = json.dumps({"portrait": parameters})
    Destination(output, iter(()), overwrite=force).save(picture, metadata, quiet=quiet)

"""``puppyslug portrait``: an image that activates a channel, a neuron or a class, from noise."""

from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.destination import Destination
from puppyslug.cli.portrait_job import save_portrait
from puppyslug.errors import OutputError
from puppyslug.networks import find_spec
from puppyslug.objectives import parse_objective
from puppyslug.recipe import PortraitRecipe, Recipe, extract_files
from puppyslug.recipe.defaults import (
    NETWORK,
    PORTRAIT_BATCH,
    PORTRAIT_DIVERSITY,
    PORTRAIT_STEPS,
    SEE_NETWORK,
)

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
    int | None,
    typer.Option(
        "--size",
        metavar="PX",
        min=8,
        max=2048,
        help="side length in pixels; default: 224, or the only size that the network accepts",
        show_default=False,
    ),
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
    size: Size = None,
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
    from puppyslug.visualization.portraits import default_side, validate_portrait

    validate_output_path(output, overwrite=force)
    names_class = "see(" in objective.replace(" ", "")
    settings = {"network": SEE_NETWORK if names_class else NETWORK, **settings}
    settings, files = extract_files(settings)
    find_label = Recipe.complete(settings).find_label
    recipe = PortraitRecipe.complete(
        {
            **settings,
            "objective": objective,
            "steps": steps,
            "batch": batch,
            "diversity": diversity,
            "transparent": transparent,
        }
    )
    spec = find_spec(recipe.network)
    recipe = recipe.with_settings({"size": size or default_side(spec)})
    validate_portrait(parse_objective(objective, find_label), spec, recipe.size)
    if transparent and not supports_alpha(output):
        raise OutputError(f"{output} cannot be transparent; use .png or .webp")
    destination = Destination.from_option(
        output, folder=output.parent, stem=output.stem, overwrite=force
    )
    return save_portrait(recipe, files, destination, quiet=quiet)

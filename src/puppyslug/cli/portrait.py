"""``puppyslug portrait``: what a channel, a neuron or a class looks for."""

import json
from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.output import say
from puppyslug.cli.run import INTERRUPTED, Bar
from puppyslug.errors import OutputError
from puppyslug.networks import find_spec
from puppyslug.objectives import parse_objective
from puppyslug.recipe.presets import SEEING, find_preset
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import take_files

Text = Annotated[
    str,
    typer.Argument(
        metavar="OBJECTIVE", help="such as relu5_1:37, relu4_4:37@c (its neuron), see(castle)"
    ),
]
Output = Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="a .png, .webp, …")]
Size = Annotated[int, typer.Option("--size", metavar="PX", min=16, max=2048, help="its edge")]
Steps = Annotated[int, typer.Option("--steps", metavar="N", min=1, max=10_000, help="how many")]
Facets = Annotated[
    int,
    typer.Option(
        "--batch", metavar="N", min=1, max=64, help="facets, as different as may be, side by side"
    ),
]
Diversity = Annotated[
    float, typer.Option("--diversity", metavar="X", min=0, max=100, help="how different facets are")
]
Transparent = Annotated[
    bool, typer.Option("--transparent", help="leave out what does not matter (.png, .webp)")
]


@options.takes_settings("network", "weights", "labels", "seed", "precision", "device")
def portrait(
    objective: Text,
    *,
    settings: dict[str, object],
    output: Output,
    size: Size = 224,
    steps: Steps = 192,
    batch: Facets = 1,
    diversity: Diversity = 2.0,
    transparent: Transparent = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Draw what a channel, a neuron, a class or any objective looks for, out of noise."""
    from puppyslug.images import check_output, holds_alpha, save_image, to_pil
    from puppyslug.images.contact_sheet import side_by_side
    from puppyslug.networks.loader import load_network
    from puppyslug.visualization.portraits import check, portrait_steps

    check_output(output, overwrite=force)
    settings, files = take_files({"network": _network(objective), **settings})
    recipe = Recipe.complete(settings)
    name = recipe.network
    text = parse_objective(objective, recipe.names)
    spec = find_spec(name)
    check(text, spec, size)
    if transparent and not holds_alpha(output):
        raise OutputError(f"{output} cannot be transparent; use .png or .webp")
    network = load_network(
        spec,
        weights=files.weights,
        labels=files.labels,
        precision=recipe.precision,
        device=recipe.device,
        winograd="steady",
    )
    text = text.named(network.find_label)
    drawn = portrait_steps(
        [text] * batch,
        network,
        size=size,
        steps=steps,
        seed=recipe.seed,
        diversity=diversity if batch > 1 else 0.0,
        transparent=transparent,
    )
    last, status = None, 0
    try:
        with Bar(str(text), quiet=quiet) as bar:
            for last in drawn:
                bar.move((last.step + 1) / steps, f"step {last.step + 1}/{steps}")
    except KeyboardInterrupt:
        status = INTERRUPTED
    if last is None:
        say("interrupted before the first step: nothing to save", quiet=quiet)
        return INTERRUPTED
    pictures = [
        to_pil(last.images[n : n + 1], None if last.alpha is None else last.alpha[n : n + 1])
        for n in range(batch)
    ]
    made = {"objective": str(text), "network": name, "size": size, "steps": last.step + 1}
    made |= {"seed": recipe.seed, "batch": batch, "transparent": transparent}
    note = json.dumps({"portrait": made})
    for notice in save_image(side_by_side(pictures), output, recipe_text=note, overwrite=force):
        say(notice, quiet=quiet)
    print(output)
    return status


def _network(objective: str) -> str:
    """The network that is asked where none is named: one that sees things, for things."""
    if "see(" in objective.replace(" ", ""):
        return str(find_preset(SEEING).settings["network"])
    return str(Recipe.model_fields["network"].default)

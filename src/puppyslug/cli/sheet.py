"""``puppyslug sheet``: one photo dreamt with layers of every depth, on a contact sheet."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.destination import Destination
from puppyslug.cli.dream_job import prepare_dream, run_steps
from puppyslug.cli.help_panels import OBJECTIVE_PANEL
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.networks import find_spec
from puppyslug.objectives import parse_objective, parse_objectives
from puppyslug.recipe import STARTING_IMAGES, Recipe, extract_files
from puppyslug.recipe.defaults import SHEET_SIDE, STARTING_IMAGE

if TYPE_CHECKING:
    from puppyslug.objectives import Objective

Photo = Annotated[str, typer.Argument(metavar="PHOTO", help="an image file, noise or clouds")]
Layers = Annotated[
    str | None,
    typer.Option(
        "--layers",
        metavar="A,B,…",
        help="layers or objectives [default: layers of every depth]",
        rich_help_panel=OBJECTIVE_PANEL,
    ),
]
Output = Annotated[
    Path | None,
    options.output_option("file or folder [default: NAME.sheet.png beside the photo]"),
]


@options.recipe_options(
    "network",
    "weights",
    "labels",
    "octaves",
    "iterations",
    "step_size",
    "seed",
    "size",
    "precision",
    "memory",
    "device",
    size=f"longest side of each image in pixels [default: {SHEET_SIDE}]",
)
def sheet(
    photo: Photo = STARTING_IMAGE,
    *,
    settings: dict[str, object],
    layers: Layers = None,
    output: Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Dream of one photo with layers of every depth.

    By default, eight layers on one labelled sheet, lowest first: strokes, shapes, parts, animals.
    """
    settings, files = extract_files(settings)
    recipe = Recipe.complete({"size": str(SHEET_SIDE), **settings})
    objectives = _select_objectives(recipe, layers)
    path = Path(photo)
    source: str | Path = photo if photo in STARTING_IMAGES else path
    if isinstance(source, Path):
        from puppyslug.images import check_image_file

        check_image_file(source)
    destination = Destination.from_option(
        output, folder=path.parent, stem=f"{path.stem}.sheet", overwrite=force
    )
    destination.check_not_input(source)

    from puppyslug.images import to_pil
    from puppyslug.images.contact_sheet import Cell, contact_sheet

    highest = recipe.with_settings({"objective": str(objectives[-1])})
    prepared = prepare_dream(highest, source, files, quiet=quiet)
    for objective in objectives:
        objective.check(prepared.network.spec, prepared.size)
    cells = [Cell(to_pil(prepared.image), path.name)]
    status = 0
    for number, objective in enumerate(objectives, 1):
        label = f"{number}/{len(objectives)} {objective}"
        dream = replace(
            prepared, recipe=prepared.recipe.with_settings({"objective": str(objective)})
        )
        step, interruption = run_steps(dream, label, quiet=quiet)
        if step is not None:
            field = max(
                prepared.network.spec.layer(name).receptive_field for name in objective.layers
            )
            remark = f"sees {field} x {field} px" if field else ""
            cells.append(Cell(to_pil(step.picture()), str(objective), remark))
        if interruption is not None:
            print_message(f"interrupted at {objective}; saving the sheet so far", quiet=quiet)
            status = EXIT_INTERRUPTED
            break
    destination.save(contact_sheet(cells), quiet=quiet)
    return status


def _select_objectives(recipe: Recipe, layers: str | None) -> "list[Objective]":
    """Return the objectives of a sheet, ordered by the depth of their highest layer."""
    spec = find_spec(recipe.network)
    if layers is None:
        objectives = [parse_objective(name) for name in spec.preview_layers]
    else:
        objectives = parse_objectives(layers, recipe.find_label)
    return sorted(objectives, key=lambda o: max(spec.layer_index(layer) for layer in o.layers))

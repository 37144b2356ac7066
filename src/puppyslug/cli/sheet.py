"""``puppyslug sheet``: one photo dreamt in many ways, on a contact sheet."""

from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.destination import Destination
from puppyslug.cli.dream_job import prepare_dream, source_name
from puppyslug.cli.dream_run import run_steps
from puppyslug.cli.help_panels import LOOK_PANEL, OBJECTIVE_PANEL
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.cli.variations import Variation, Vary, choose_variations, vary_recipe
from puppyslug.engine.recipe_inputs import apply_settings
from puppyslug.errors import RecipeError
from puppyslug.networks import find_spec
from puppyslug.objectives import Objective, parse_objective, parse_objectives
from puppyslug.recipe import (
    STARTING_IMAGES,
    InputFiles,
    Recipe,
    sheet_to_json,
)
from puppyslug.recipe.defaults import SHEET_SIDE, SHEET_STRENGTHS, STARTING_IMAGE

Photo = Annotated[str, typer.Argument(metavar="PHOTO", help="an image file, noise or clouds")]
Layers = Annotated[
    str | None,
    typer.Option(
        "--layers",
        metavar="A,B,…",
        help="layers or objectives [default: layers of every depth, unless something else varies]",
        rich_help_panel=OBJECTIVE_PANEL,
    ),
]
Presets = Annotated[
    bool, typer.Option("--presets", help="compare all presets", rich_help_panel=LOOK_PANEL)
]
Seeds = Annotated[
    int | None,
    typer.Option(
        "--seeds", metavar="N", min=1, help="compare the seeds 1 to N", rich_help_panel=LOOK_PANEL
    ),
]
Strengths = Annotated[
    bool,
    typer.Option(
        "--strengths",
        help=f"compare the strengths {', '.join(map(str, SHEET_STRENGTHS))}",
        rich_help_panel=LOOK_PANEL,
    ),
]
Output = Annotated[
    Path | None,
    options.output_option("file or folder [default: NAME.sheet.png beside the photo]"),
]


@options.recipe_options(size=f"longest side of each image in pixels [default: {SHEET_SIDE}]")
def sheet(
    photo: Photo = STARTING_IMAGE,
    *,
    settings: dict[str, object],
    layers: Layers = None,
    presets: Presets = False,
    seeds: Seeds = None,
    strengths: Strengths = False,
    vary: Vary = None,
    output: Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Dream of one photo in many ways, on one numbered sheet.

    By default with eight layers, lowest first: strokes, shapes, parts, animals. The sheet holds the
    recipe of each dream; 'puppyslug redo SHEET --pick N' dreams number N large.
    """
    fields, files = apply_settings(
        {"size": str(SHEET_SIDE), **settings}, {}, None, new_photos=False
    )
    variations = choose_variations(
        presets=presets,
        names_thing=bool(settings.get("see")),
        seeds=seeds,
        strengths=strengths,
        vary=vary or [],
    )
    if layers is not None and variations:
        raise RecipeError("--layers cannot be combined with other variations; use --vary layer=A,B")
    recipes = (
        [(one, vary_recipe(fields, one)) for one in variations]
        if variations
        else _layer_recipes(Recipe.complete(fields), layers)
    )
    path = Path(photo)
    source: str | Path = photo if photo in STARTING_IMAGES else path
    if isinstance(source, Path):
        from puppyslug.images import check_image_file

        check_image_file(source)
    destination = Destination.from_option(
        output, folder=path.parent, stem=f"{path.stem}.sheet", overwrite=force
    )
    destination.check_not_input(source, files.mask, *files.guides.values())

    prepare_dream(recipes[-1][1], source, files, quiet=quiet)  # refuses what is wrong at once
    return _dream_all(recipes, source, files, destination, quiet=quiet)


def _dream_all(
    recipes: list[tuple[Variation, Recipe]],
    source: str | Path,
    files: InputFiles,
    destination: Destination,
    *,
    quiet: bool,
) -> int:
    """Dream by all recipes, and save the sheet; after Ctrl-C, of those so far."""
    from puppyslug.images import to_pil
    from puppyslug.images.contact_sheet import Cell, contact_sheet

    cells: list[Cell] = []
    made: list[Recipe] = []
    status = 0
    for number, (variation, recipe) in enumerate(recipes, 1):
        prepared = prepare_dream(
            recipe, source, files, result_folder=destination.folder, quiet=True
        )
        if not cells:
            cells.append(Cell(to_pil(prepared.image), source_name(source)))
        label = f"{number}/{len(recipes)} {variation.label}"
        step, interruption = run_steps(prepared, label, quiet=quiet)
        if step is not None:
            remark = "" if variation.settings else _receptive_field(recipe)
            cells.append(Cell(to_pil(step.picture()), f"{number}  {variation.label}", remark))
            made.append(step.saved_recipe or step.recipe)
        if interruption is not None:
            print_message(
                f"interrupted at {variation.label}; saving the sheet so far, which does not resume",
                quiet=quiet,
            )
            status = EXIT_INTERRUPTED
            break
    recipe_text = sheet_to_json(made) if made else None
    destination.save(contact_sheet(cells), recipe_text, quiet=quiet)
    return status


def _layer_recipes(recipe: Recipe, layers: str | None) -> list[tuple[Variation, Recipe]]:
    """Return the recipes of a sheet of layers, ordered by the depth of their highest layer."""
    return [
        (Variation({}, str(objective)), recipe.with_settings({"objective": str(objective)}))
        for objective in _select_objectives(recipe, layers)
    ]


def _receptive_field(recipe: Recipe) -> str:
    spec = find_spec(recipe.network)
    objective = parse_objective(recipe.objective, recipe.find_label)
    side = max(spec.layer(name).receptive_field for name in objective.layers)
    return f"sees {side} x {side} px" if side else ""


def _select_objectives(recipe: Recipe, layers: str | None) -> list[Objective]:
    """Return the objectives of a sheet, ordered by the depth of their highest layer."""
    spec = find_spec(recipe.network)
    if layers is None:
        objectives = [parse_objective(name) for name in spec.preview_layers]
    else:
        objectives = parse_objectives(layers, recipe.find_label)
    return sorted(objectives, key=lambda o: max(spec.layer_index(layer) for layer in o.layers))

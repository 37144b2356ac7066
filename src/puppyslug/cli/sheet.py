"""``puppyslug sheet``: one photo dreamt at every depth, strokes to animals."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.output import Destination, say
from puppyslug.cli.run import INTERRUPTED, follow, prepare_aloud
from puppyslug.networks import find_spec
from puppyslug.objectives import parse_objective, parse_objectives
from puppyslug.recipe.recipe import STARTS, Recipe
from puppyslug.recipe.settings import take_files

Photo = Annotated[str, typer.Argument(metavar="PHOTO", help="a picture, noise or clouds")]
Layers = Annotated[
    str | None,
    typer.Option(
        "--layers", metavar="A,B,…", help="which layers [default: a choice of every depth]"
    ),
]
Output = Annotated[
    Path | None,
    options.output("file or folder [default: NAME.sheet.png beside the photo]"),
]
TILE = "480"  # longest edge of a tile, in pixels, unless --size says otherwise


@options.takes_settings(
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
    size=f"longest edge of each picture in pixels [default: {TILE}]",
)
def sheet(
    photo: Photo = "clouds",
    *,
    settings: dict[str, object],
    layers: Layers = None,
    output: Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Dream of one photo at every depth.

    Eight layers on one labelled sheet, lowest first: strokes, shapes, parts, animals.
    """
    settings, files = take_files(settings)
    recipe = Recipe.complete({"size": TILE, **settings})
    spec = find_spec(recipe.network)
    if layers is None:
        objectives = [parse_objective(name) for name in spec.depths]
    else:
        objectives = parse_objectives(layers, recipe.names)
    objectives.sort(key=lambda o: max(spec.depth(layer) for layer in o.layers))
    path = Path(photo)
    source: str | Path = photo if photo in STARTS else path
    if photo not in STARTS:
        from puppyslug.images import check_readable

        check_readable(path)
    destination = Destination.choose(
        output,
        beside=path.parent,
        stem=f"{path.stem}.sheet",
        force=force,
    )
    destination.refuse(path)

    from puppyslug.images import to_pil
    from puppyslug.images.contact_sheet import Tile, contact_sheet

    deepest = recipe.with_settings({"objective": str(objectives[-1])})
    prepared = prepare_aloud(deepest, source, files, quiet=quiet)
    for objective in objectives:
        objective.check(spec, (prepared.image.shape[-2], prepared.image.shape[-1]))
    tiles = [Tile(to_pil(prepared.image), path.name)]
    for number, objective in enumerate(objectives, 1):
        one = prepared.recipe.with_settings({"objective": str(objective)})
        step, end = follow(
            replace(prepared, recipe=one), f"{number}/{len(objectives)} {objective}", quiet=quiet
        )
        if step is not None:
            seen = max(spec.layer(name).receptive_field for name in objective.layers)
            remark = f"sees {seen} x {seen} px" if seen else ""
            tiles.append(Tile(to_pil(step.picture()), str(objective), remark))
        if end is not None:
            say(f"interrupted at {objective}; the sheet so far:", quiet=quiet)
            destination.save(contact_sheet(tiles), quiet=quiet)
            return INTERRUPTED
    destination.save(contact_sheet(tiles), quiet=quiet)
    return 0

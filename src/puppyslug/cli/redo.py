"""``puppyslug redo``: dream or draw again by the recipe inside a picture."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from puppyslug.cli import options
from puppyslug.cli.destination import Destination
from puppyslug.cli.dream_job import DreamJob
from puppyslug.cli.portrait_job import save_portrait
from puppyslug.cli.recipe_files import VIDEO_SUFFIXES
from puppyslug.errors import RecipeError
from puppyslug.objectives import is_mask_expression
from puppyslug.recipe import is_portrait, is_sheet, parse_settings, recipe_of_sheet
from puppyslug.recipe.defaults import PHOTO_SIDE

Dream = Annotated[Path, typer.Argument(metavar="DREAM", help="an image made by puppyslug")]
Photo = Annotated[
    Path | None,
    typer.Option(
        "--photo",
        metavar="FILE",
        help="the photo, if it is neither beside the dream nor in its original folder",
    ),
]
Pick = Annotated[
    int | None,
    typer.Option(
        "--pick",
        metavar="N",
        min=1,
        help=f"of a sheet, the dream with this number [default size: {PHOTO_SIDE}]",
    ),
]
Output = Annotated[
    Path | None,
    options.output_option("file or folder [default: an unused name beside the dream]"),
]


@options.recipe_options(
    still=True,
    network="another network; or the recipe's: to permit an external one to run its code, or to "
    "name a finetuned network's file in another folder",
    mask='another mask, or "" for none; or the recipe\'s image, if it is in another folder',
    guide="another guide; or the recipe's, if it is in another folder (repeatable)",
    size="longest side in pixels, which may exceed the photo's [default: as in the dream]",
)
def redo(
    dream: Dream,
    *,
    settings: dict[str, object],
    photo: Photo = None,
    pick: Pick = None,
    unset: options.Unset = None,
    strip: options.Strip = False,
    output: Output = None,
    force: options.ForceDream = False,
    quiet: options.Quiet = False,
) -> int:
    """Repeat a dream or a portrait, render it larger, or change it.

    On the same machine the result is identical, byte for byte; --size keeps the composition. All
    other options change what they name, and the recipe keeps the rest. An interrupted dream resumes
    with the same command.
    """
    from puppyslug.engine.redo import find_dream_inputs
    from puppyslug.images import WRITABLE_SUFFIXES, read_recipe_text

    if dream.suffix.lower() in VIDEO_SUFFIXES:
        raise RecipeError(
            f"{dream} is a film; repeat it with 'puppyslug film IN --recipe {dream} -o OUT', where "
            "IN is the original, or with zoom or journey"
        )
    changes: dict[str, Any] = options.with_flags(settings, unset=unset, strip=strip)
    text, stem = read_recipe_text(dream), dream.stem
    if pick is not None or is_sheet(parse_settings(text)):
        text, stem = _pick(dream, text, pick), f"{stem}-{pick}"
        changes = {"size": str(PHOTO_SIDE), **changes}
    choose_destination = partial(
        Destination.from_option,
        output,
        folder=dream.parent,
        stem=stem,
        suffix=dream.suffix if dream.suffix.lower() in WRITABLE_SUFFIXES else ".png",
        overwrite=force,
    )
    if is_portrait(parse_settings(text)):
        from puppyslug.visualization.redo import find_portrait_inputs, refuse_files

        destination = choose_destination()
        destination.check_not_input(dream)
        refuse_files(dream, {"photo": photo})
        changes = _with_integer_size(changes)
        return save_portrait(*find_portrait_inputs(dream, text, changes), destination, quiet=quiet)
    mask, guides = changes.get("mask"), changes.pop("guide", None)
    if isinstance(mask, str) and mask and not is_mask_expression(mask):
        mask = Path(str(changes.pop("mask")))
    else:
        mask = None
    recipe, source, files = find_dream_inputs(
        dream, text, changes, photo=photo, mask=mask, guides=[Path(guide) for guide in guides or ()]
    )
    job = DreamJob(recipe, files, force=force, quiet=quiet)
    destination = choose_destination(is_free=partial(job.may_write, source=source))
    destination.check_not_input(dream, source, files.mask, *files.guides.values())
    return job.dream_to(destination, source, label=dream)


def _pick(sheet: Path, text: str, number: int | None) -> str:
    """Return the recipe of one of a sheet's dreams."""
    settings = parse_settings(text)
    if not is_sheet(settings):
        raise RecipeError(f"{sheet} is a single picture; leave out --pick")
    return recipe_of_sheet(settings, number)


def _with_integer_size(settings: dict[str, object]) -> dict[str, object]:
    """Return settings in which the size is a number, as that of portraits is."""
    size = settings.get("size")
    if size is None:
        return settings
    if not str(size).isdecimal():
        raise RecipeError(f"the size of a portrait is its side in pixels, not {size}")
    return {**settings, "size": int(str(size))}

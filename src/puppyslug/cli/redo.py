"""``puppyslug redo``: the recipe inside a dream, run again."""

from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.output import Destination
from puppyslug.cli.recipe_files import find_files, find_photo, remember_beside
from puppyslug.cli.run import deliver, prepare_aloud
from puppyslug.errors import RecipeError
from puppyslug.networks.finetuned import without_folders
from puppyslug.recipe.recipe import FileReference, Recipe, read_settings
from puppyslug.recipe.settings import take_files

Dream = Annotated[Path, typer.Argument(metavar="DREAM", help="a picture that puppyslug made")]
Photo = Annotated[
    Path | None,
    typer.Option(
        "--photo",
        metavar="FILE",
        help="the photo, where it is neither beside the dream nor where it was",
    ),
]
Mask = Annotated[Path | None, typer.Option("--mask", metavar="FILE", help="likewise, the mask")]
Guide = Annotated[
    list[Path] | None,
    typer.Option("--guide", metavar="FILE", help="likewise, a guide (repeatable)"),
]
Output = Annotated[
    Path | None,
    options.output("file or folder [default: a fresh name beside the dream]"),
]


@options.takes_settings(
    "size",
    "memory",
    "device",
    "network",
    "weights",
    "labels",
    network="the network of the recipe, where that is code of one's own, to say that it may run, "
    "or a file that is not beside the dream",
    size="longest edge in pixels, also larger than the photo [default: the dream's own]",
)
def redo(
    dream: Dream,
    *,
    settings: dict[str, object],
    photo: Photo = None,
    mask: Mask = None,
    guide: Guide = None,
    output: Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Dream a dream again, or larger.

    On the same machine it comes out byte for byte; with --size it keeps its composition.
    """
    from puppyslug.images import WRITABLE, read_recipe_text

    text = read_recipe_text(dream)
    if "network" not in settings:
        remember_beside(read_settings(text), dream)
    recipe = Recipe.from_json(text)
    if without_folders(str(settings.get("network", recipe.network))) != recipe.network:
        raise RecipeError(f"{dream} was dreamt by {recipe.network}; leave out --network")
    settings, own = take_files(settings)
    source: str | Path
    if isinstance(recipe.photo, FileReference):
        source = photo or find_photo(recipe.photo, dream)
    else:
        source = recipe.photo
    if "size" in settings:
        recipe = recipe.resized(str(settings["size"]))
    if "memory" in settings:
        recipe = recipe.with_settings({"memory": settings["memory"], "tile": "auto"})
    if "device" in settings:
        recipe = recipe.with_settings({"device": settings["device"], "winograd": "auto"})
    suffix = dream.suffix if dream.suffix.lower() in WRITABLE else ".png"
    destination = Destination.choose(
        output, beside=dream.parent, stem=dream.stem, suffix=suffix, force=force
    )
    if mask is not None and not isinstance(recipe.mask, FileReference):
        raise RecipeError(f"{dream} was dreamt without a mask's file; leave out --mask")
    if len(guide or ()) > len(recipe.guides):
        raise RecipeError(f"{dream} has {len(recipe.guides)} guides; leave out --guide")
    given = own._replace(mask=mask, guides=_by_name(recipe, guide or []))
    files = find_files(recipe, dream, given)
    for read in (dream, source, files.mask, *files.guides.values()):
        if isinstance(read, Path):
            destination.refuse(read)
    prepared = prepare_aloud(recipe, source, files, quiet=quiet)
    return deliver(prepared, destination, dream.name, no_recipe=False, quiet=quiet)


def _by_name(recipe: Recipe, paths: list[Path]) -> dict[str, Path]:
    """The guides' files by the names in the recipe: by name first, then in order."""
    names = {guide.name for guide in recipe.guides}
    found = {path.name: path for path in paths if path.name in names}
    rest = [path for path in paths if path.name not in names]
    missing = [guide.name for guide in recipe.guides if guide.name not in found]
    return found | dict(zip(missing, rest, strict=False))

"""``puppyslug dream``: pictures in, dreams out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.output import Destination, say
from puppyslug.cli.recipe_files import find_photo, with_recipe_file
from puppyslug.cli.run import deliver, prepare_aloud
from puppyslug.errors import OutputError, PuppyslugError
from puppyslug.recipe.recipe import STARTS, FileReference, Recipe
from puppyslug.recipe.settings import Files

if TYPE_CHECKING:
    from puppyslug.engine.preparation import Prepared
    from puppyslug.gradient.gradient import Gradient

Photos = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PHOTO…|noise|clouds",
        help="pictures to dream of; noise or clouds to start from nothing [default: clouds]",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    options.output(
        "file, whose suffix decides the format, or folder [default: NAME.dream.png beside it]"
    ),
]


Timelapse = Annotated[
    Path | None,
    typer.Option("--timelapse", metavar="OUT.mp4", help="also a film of the dream as it grows"),
]


@dataclass(frozen=True)
class Request:
    """What all the pictures of one command have in common."""

    recipe: Recipe
    recipe_file: Path | None
    files: Files
    output: Path | None
    force: bool
    print_recipe: bool
    no_recipe: bool
    quiet: bool
    timelapse: Path | None


@options.takes_settings()
def dream(
    photos: Photos = None,
    *,
    settings: dict[str, object],
    output: Output = None,
    recipe: options.RecipeFile = None,
    print_recipe: options.PrintRecipe = False,
    no_recipe: options.NoRecipe = False,
    timelapse: Timelapse = None,
    force: options.Force = False,
    cluster: options.Cluster = None,
    quiet: options.Quiet = False,
) -> int:
    """Turn photos, noise or clouds into dreams.

    A network looks at the picture, and whatever it sees there, it gets to see more of.
    """
    chosen, files = with_recipe_file(settings, recipe, new_pictures=bool(photos))
    sources = _sources(photos, chosen, recipe)
    if len(sources) > 1 and output is not None and not output.is_dir():
        raise OutputError(f"several photos go into a folder, and {output} is none; make it first")
    if timelapse is not None:
        _check_timelapse(timelapse, sources, force=force)
    request = Request(
        Recipe.complete(chosen),
        recipe,
        files,
        output,
        force,
        print_recipe,
        no_recipe,
        quiet,
        timelapse,
    )
    if cluster is not None and not (print_recipe and output is None):
        from puppyslug.cli.distributed import dream_many, dream_together
        from puppyslug.cluster import connected

        with connected(cluster) as place:
            assert place is not None
            if len(sources) > 1:
                return dream_many(request, sources, place)
            return dream_together(request, sources[0], place)
    failed = 0
    for source in sources:
        try:
            status = _dream_one(request, source)
        except PuppyslugError as error:
            if len(sources) == 1:
                raise
            say(f"error: {error}")
            failed = 1
        else:
            if status:
                return status
    if not (photos or recipe or output or print_recipe):
        say("Now one of your own: puppyslug dream PHOTO.jpg", quiet=quiet)
    return failed


def _check_timelapse(path: Path, photos: list[str | Path], *, force: bool) -> None:
    if len(photos) > 1:
        raise OutputError("a time-lapse is of one dream; name one photo")
    from puppyslug.video.assembly import check_film

    (photo,) = photos
    check_film(path, force=force, read=photo if isinstance(photo, Path) else None)


def _sources(
    photos: list[str] | None, settings: dict[str, object], recipe: Path | None
) -> list[str | Path]:
    """What to dream of: the command line's photos, else the recipe's, else clouds."""
    if photos:
        return [name if name in STARTS else Path(name) for name in photos]
    photo = Recipe.complete(settings).photo
    if isinstance(photo, FileReference):
        assert recipe is not None
        return [find_photo(photo, recipe)]
    return [photo]


def _dream_one(request: Request, source: str | Path) -> int:
    if request.print_recipe and request.output is None:
        print(_prepare(request, source, None).recipe.to_json(indent=2))
        return 0
    return finish(request, source, *begin(request, source))


def finish(
    request: Request,
    source: str | Path,
    destination: Destination,
    prepared: "Prepared",
    *,
    gradient: "Gradient | None" = None,
    at_once: int = 1,
) -> int:
    """Dream what was begun, and save it.

    Args:
        request: what was asked for.
        source: what to dream of.
        destination: where it goes.
        prepared: the dream.
        gradient: as in ``deliver``.
        at_once: likewise.

    Returns:
        As ``deliver`` does.
    """
    if request.print_recipe:
        print(prepared.recipe.to_json(indent=2))
    return deliver(
        prepared,
        destination,
        label_of(source),
        no_recipe=request.no_recipe,
        quiet=request.quiet,
        timelapse=request.timelapse,
        gradient=gradient,
        at_once=at_once,
    )


def label_of(source: str | Path) -> str:
    """What to call a picture beside its bar."""
    return source.name if isinstance(source, Path) else source


def begin(
    request: Request, source: str | Path, taken: set[Path] | None = None
) -> "tuple[Destination, Prepared]":
    """Find a dream's place, and prepare it.

    Args:
        request: what was asked for.
        source: what to dream of.
        taken: as in ``Destination.choose``.

    Raises:
        PuppyslugError: the picture cannot be read, or the dream not be written.
    """
    photo = source if isinstance(source, Path) else None
    name = photo.stem if photo else source
    destination = Destination.choose(
        request.output,
        beside=photo.parent if photo else Path(),
        stem=f"{name}.dream",
        force=request.force,
        taken=taken,
    )
    for read in (photo, request.recipe_file, request.files.mask, *request.files.guides.values()):
        if isinstance(read, Path):
            destination.refuse(read)
    return destination, _prepare(request, source, destination.folder)


def _prepare(request: Request, source: str | Path, folder: Path | None) -> "Prepared":
    if isinstance(source, Path):
        from puppyslug.images import check_readable

        check_readable(source)
    return prepare_aloud(
        request.recipe,
        source,
        request.files,
        result_folder=folder,
        quiet=request.quiet,
    )

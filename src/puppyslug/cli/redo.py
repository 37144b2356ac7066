"""``puppyslug redo``: dream again by the recipe inside a dream."""

from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.destination import Destination
from puppyslug.cli.dream_job import DreamJob, prepare_dream
from puppyslug.cli.recipe_files import find_image, find_input_files, register_finetuned_networks
from puppyslug.errors import RecipeError, plural
from puppyslug.networks.finetuned import strip_folders
from puppyslug.recipe import FileReference, InputFiles, Recipe, extract_files, parse_settings

Dream = Annotated[Path, typer.Argument(metavar="DREAM", help="an image made by puppyslug")]
Photo = Annotated[
    Path | None,
    typer.Option(
        "--photo",
        metavar="FILE",
        help="the photo, if it is neither beside the dream nor in its original folder",
    ),
]
Mask = Annotated[Path | None, typer.Option("--mask", metavar="FILE", help="likewise, the mask")]
Guides = Annotated[
    list[Path] | None,
    typer.Option("--guide", metavar="FILE", help="likewise, a guide (repeatable)"),
]
Output = Annotated[
    Path | None,
    options.output_option("file or folder [default: an unused name beside the dream]"),
]


@options.recipe_options(
    "size",
    "memory",
    "device",
    "network",
    "weights",
    "labels",
    network="the recipe's network: give it again to permit an external one to run its code, or to "
    "name a finetuned network's file in another folder",
    size="longest side in pixels, which may exceed the photo's [default: as in the dream]",
)
def redo(
    dream: Dream,
    *,
    settings: dict[str, object],
    photo: Photo = None,
    mask: Mask = None,
    guide: Guides = None,
    output: Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Repeat a dream, or render it larger.

    On the same machine the result is identical, byte for byte; --size keeps the composition.
    """
    from puppyslug.images import WRITABLE_SUFFIXES, read_recipe_text

    text = read_recipe_text(dream)
    if "network" not in settings:
        register_finetuned_networks(parse_settings(text), dream)
    recipe = Recipe.from_json(text)
    if strip_folders(str(settings.get("network", recipe.network))) != recipe.network:
        raise RecipeError(f"{dream} was made with {recipe.network}; leave out --network")
    settings, files = extract_files(settings)
    source: str | Path
    if isinstance(recipe.photo, FileReference):
        source = photo or find_image(recipe.photo, dream)
    else:
        source = recipe.photo
    recipe = _override_settings(recipe, settings)
    destination = Destination.from_option(
        output,
        folder=dream.parent,
        stem=dream.stem,
        suffix=dream.suffix if dream.suffix.lower() in WRITABLE_SUFFIXES else ".png",
        overwrite=force,
    )
    files = _find_files(recipe, dream, files, mask, guide or [])
    destination.check_not_input(dream, source, files.mask, *files.guides.values())
    prepared = prepare_dream(recipe, source, files, quiet=quiet)
    return DreamJob(recipe, quiet=quiet).render(prepared, destination, dream)


def _override_settings(recipe: Recipe, settings: dict[str, object]) -> Recipe:
    """Return the recipe with another size, memory or device, and what follows from them."""
    if "size" in settings:
        recipe = recipe.resized(str(settings["size"]))
    if "memory" in settings:
        recipe = recipe.with_settings({"memory": settings["memory"], "tile": "auto"})
    if "device" in settings:
        automatic = {"winograd": "auto", "kernels": "auto"}
        recipe = recipe.with_settings({"device": settings["device"], **automatic})
    return recipe


def _find_files(
    recipe: Recipe, dream: Path, files: InputFiles, mask: Path | None, guides: list[Path]
) -> InputFiles:
    """Add the mask and the guides of the recipe to the input files.

    Args:
        recipe: the recipe of the dream.
        dream: its file.
        files: weights and labels.
        mask: value of ``--mask``.
        guides: values of ``--guide``, matched to the recipe's by name, then by order.

    Raises:
        PuppyslugError: a file is missing, or the recipe has no such file.
    """
    if mask is not None and not isinstance(recipe.mask, FileReference):
        raise RecipeError(f"{dream} was made without a mask image; leave out --mask")
    if len(guides) > len(recipe.guides):
        raise RecipeError(
            f"the recipe of {dream} has {plural(len(recipe.guides), 'guide')}; leave out --guide"
        )
    names = {guide.name for guide in recipe.guides}
    by_name = {path.name: path for path in guides if path.name in names}
    others = [path for path in guides if path.name not in names]
    unmatched = [guide.name for guide in recipe.guides if guide.name not in by_name]
    matched = by_name | dict(zip(unmatched, others, strict=False))
    return find_input_files(recipe, dream, files._replace(mask=mask, guides=matched))

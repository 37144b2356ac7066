"""``puppyslug dream``: photos, noise or clouds in, dreams out."""

from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.batch import (
    NAME_FIELDS,
    check_pattern_shows,
    default_stems,
    expand_folders,
    make_output_folder,
    variation_stems,
)
from puppyslug.cli.dream_job import DreamJob, prepare_dream
from puppyslug.cli.help_panels import OUTPUT_PANEL
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.cli.recipe_files import load_settings
from puppyslug.cli.variations import Variation, Vary, choose_variations, vary_recipe
from puppyslug.errors import OutputError, PuppyslugError, plural
from puppyslug.recipe import FileReference, Recipe
from puppyslug.recipe.defaults import STARTING_IMAGE

Photos = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PHOTO…|DIR|noise|clouds",
        help="photos, folders of photos, or a generated image to start from "
        f"[default: {STARTING_IMAGE}]",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    options.output_option(
        "file, whose suffix selects the format; or folder, which is created if it is missing; or "
        f"name with fields in braces: {', '.join(NAME_FIELDS)} [default: NAME.dream.png beside the "
        "photo]",
        "OUT|DIR|{name}-{seed}.png",
    ),
]
SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing",
        help="leave out photos whose dream is already there",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
Timelapse = Annotated[
    Path | None,
    typer.Option(
        "--timelapse",
        metavar="OUT.mp4",
        help="also write a video of the dream's steps",
        rich_help_panel=OUTPUT_PANEL,
    ),
]


@options.recipe_options(still=True)
def dream(
    photos: Photos = None,
    *,
    settings: dict[str, object],
    output: Output = None,
    recipe: options.RecipeFile = None,
    unset: options.Unset = None,
    strip: options.Strip = False,
    print_recipe: options.PrintRecipe = False,
    no_recipe: options.NoRecipe = False,
    timelapse: Timelapse = None,
    vary: Vary = None,
    force: options.ForceDream = False,
    skip_existing: SkipExisting = False,
    cluster: options.Cluster = None,
    quiet: options.Quiet = False,
) -> int:
    """Turn photos, noise or clouds into dreams.

    A neural network looks at the image, and whatever activates it is amplified. An interrupted
    dream resumes with the same command.
    """
    settings = options.with_flags(settings, unset=unset, strip=strip)
    settings, files = load_settings(settings, recipe, new_photos=bool(photos))
    variations = choose_variations(vary=vary or ()) or [Variation({}, "")]
    recipes = [vary_recipe(settings, one) for one in variations]
    sources = _find_sources(photos, recipes[0], recipe)
    count = len(sources) * len(recipes)
    if not print_recipe or output is not None:
        check_pattern_shows(output, variations[0].settings)
        make_output_folder(output, several=count > 1)
    if timelapse is not None:
        _check_timelapse(timelapse, sources * len(recipes), force=force)
    status = 0
    for variation, complete in zip(variations, recipes, strict=True):
        job = DreamJob(
            complete, files, recipe, output, force, print_recipe, no_recipe, timelapse, quiet
        )
        if variation.settings:
            job.stems.update(variation_stems(sources, variation.settings))
        result = _dream_all(
            job, sources, cluster, skip_existing=skip_existing, is_single=count == 1
        )
        if result == EXIT_INTERRUPTED:
            return result
        status = max(status, result)
    if not (photos or recipe or output or print_recipe):
        print_message("Now try a photo of your own: puppyslug dream PHOTO.jpg", quiet=quiet)
    return status


def _dream_all(
    job: DreamJob,
    sources: list[str | Path],
    cluster: str | None,
    *,
    skip_existing: bool,
    is_single: bool,
) -> int:
    """Dream of all images by one recipe; return the exit status."""
    if skip_existing:
        sources = _without_existing(job, sources, resumes=cluster is None)
    if cluster is not None and not (job.print_recipe and job.output is None):
        from puppyslug.cli.distributed import dream_on_cluster

        return dream_on_cluster(job, sources, cluster)
    failed = 0
    for source in sources:
        try:
            status = _dream_locally(job, source)
        except PuppyslugError as error:
            if is_single:
                raise
            print_message(f"error: {error}")
            failed = 1
        else:
            if status:
                return status
    return failed


def _find_sources(
    photos: list[str] | None, recipe: Recipe, recipe_file: Path | None
) -> list[str | Path]:
    """Return what to dream of: the command line's photos, otherwise the recipe's."""
    if photos:
        return expand_folders(photos)
    if isinstance(recipe.photo, FileReference):
        assert recipe_file is not None
        from puppyslug.engine.recipe_inputs import find_image

        return [find_image(recipe.photo, recipe_file)]
    return [recipe.photo]


def _without_existing(
    job: DreamJob, sources: list[str | Path], *, resumes: bool
) -> list[str | Path]:
    """Return the sources whose dream is not there yet, and say how many are.

    A dream that was interrupted is not there yet, if it can be resumed.
    """
    if not job.stems:
        job.stems.update(default_stems(sources))
    missing = [
        one
        for one in sources
        if not job.expected_path(one).exists()
        or (resumes and job.may_write(job.expected_path(one), one))
    ]
    if skipped := len(sources) - len(missing):
        print_message(f"{plural(skipped, 'dream')} already there", quiet=job.quiet)
    return missing


def _check_timelapse(path: Path, sources: list[str | Path], *, force: bool) -> None:
    if len(sources) > 1:
        raise OutputError("--timelapse records a single dream; give one photo")
    from puppyslug.video.assembly import check_video_path

    (source,) = sources
    check_video_path(path, force=force, source=source if isinstance(source, Path) else None)


def _dream_locally(job: DreamJob, source: str | Path) -> int:
    """Dream of one image on this machine, or only print its recipe; return the exit status."""
    if job.print_recipe and job.output is None:
        prepared = prepare_dream(job.recipe, source, job.files, quiet=job.quiet)
        print(prepared.recipe.to_json(indent=2))
        return 0
    return job.dream(source)

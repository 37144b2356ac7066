"""``puppyslug zoom`` and ``puppyslug journey``: films that a picture dreams by itself."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import film_job, options
from puppyslug.cli.film_job import Job
from puppyslug.cli.recipe_files import with_recipe_file
from puppyslug.cli.run import INTERRUPTED
from puppyslug.errors import RecipeError
from puppyslug.networks import find_spec
from puppyslug.objectives import parse_objectives
from puppyslug.recipe.keyframes import read_keyframes, with_keyframes
from puppyslug.recipe.presets import ZOOM, find_preset
from puppyslug.recipe.recipe import STARTS, Recipe
from puppyslug.recipe.settings import Files

PRESET = "film"  # unless another, or a thing by name, is asked for
DEFAULTS = {"preset": PRESET, "zoom": ZOOM, **find_preset(PRESET).settings}
FEWEST_LAYERS = 4  # of a journey that names none

Photo = Annotated[
    str | None,
    typer.Argument(
        metavar="[PHOTO|noise|clouds]",
        help="what to start from [default: noise]",
        show_default=False,
    ),
]
Frames = Annotated[int, typer.Option("--frames", metavar="N", min=1, help="how many frames")]
Each = Annotated[
    int, typer.Option("--frames-per-layer", metavar="N", min=1, help="frames for each layer")
]
Layers = Annotated[
    str | None,
    typer.Option(
        "--layers",
        metavar="A,B,…",
        help="layers or objectives, in this order [default: the network's, highest to lowest]",
    ),
]
Crossfade = Annotated[
    int,
    typer.Option("--crossfade", metavar="N", min=0, help="frames over which layers change"),
]


@options.takes_settings(moving=True, defaults=DEFAULTS)
def zoom(
    photo: Photo = None,
    *,
    settings: dict[str, object],
    output: film_job.Output,
    frames: Frames = 100,
    fps: film_job.Fps = None,
    at: film_job.At = None,
    quality: film_job.Quality = 80,
    recipe: options.RecipeFile = None,
    no_recipe: film_job.NoRecipe = False,
    force: film_job.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Dream, move in a little, dream again: an endless zoom.

    What was cut short goes on with the same command.
    """
    speed = film_job.pace(fps)
    chosen, files = _asked(settings, recipe, at, speed)
    job = Job(output, "zoom", chosen, {"frames": frames}, force, quiet, no_recipe=no_recipe)
    return _run(job, photo, files, frames, speed, quality)


@options.takes_settings(moving=True, defaults=DEFAULTS)
def journey(
    photo: Photo = None,
    *,
    settings: dict[str, object],
    output: film_job.Output,
    each: Each = 100,
    layers: Layers = None,
    crossfade: Crossfade = 10,
    fps: film_job.Fps = None,
    at: film_job.At = None,
    quality: film_job.Quality = 80,
    recipe: options.RecipeFile = None,
    no_recipe: film_job.NoRecipe = False,
    force: film_job.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Zoom out of noise down through a network's layers.

    The film of 2015: from random noise, every 100 frames the next lower layer, until the lowest.
    """
    from puppyslug.video.zoom import journey_recipe

    named = [name for name in ("layer", "channel", "see", "guide", "objective") if name in settings]
    if named:
        raise RecipeError(f"a journey goes by --layers A,B,C; leave out --{named[0]}")
    speed = film_job.pace(fps)
    chosen, files = _asked(settings, recipe, at, speed)
    spec = find_spec(chosen.network)
    if layers is None:
        objectives = list(spec.depths[::-1])
    else:
        objectives = [str(one) for one in parse_objectives(layers, chosen.names)]
    if len(objectives) < (FEWEST_LAYERS if layers is None else 1):
        raise RecipeError(f"{spec.name} has few layers; name some with --layers A,B,C")
    chosen = journey_recipe(chosen, objectives, each, crossfade)
    frames = each * len(objectives)
    job = Job(output, "journey", chosen, {"frames": frames}, force, quiet, no_recipe=no_recipe)
    return _run(job, photo, files, frames, speed, quality)


def _asked(
    settings: dict[str, object], recipe: Path | None, at: list[str] | None, fps: Fraction
) -> tuple[Recipe, Files]:
    """What was asked for, with a film's own defaults where nothing else was."""
    if recipe is None:
        preset = {} if "preset" in settings or "see" in settings else {"preset": PRESET}
        settings = {"zoom": ZOOM, **preset, **settings}
    chosen, files = with_recipe_file(settings, recipe, new_pictures=True)
    return with_keyframes(Recipe.complete(chosen), read_keyframes(at or [], fps)), files


def _run(
    job: Job, photo: str | None, files: Files, frames: int, fps: Fraction, quality: int
) -> int:
    from puppyslug.video.assembly import finish_film, in_turn
    from puppyslug.video.zoom import zoom as zoom_frames

    source: str | Path = "noise" if photo is None else photo if photo in STARTS else Path(photo)
    if isinstance(source, Path):
        from puppyslug.images import check_readable
        from puppyslug.networks.weights.cache import file_sha256

        check_readable(source)
        job.asked["photo"] = file_sha256(source)
    else:
        job.recipe = job.recipe.with_settings({"photo": source})
    job.reads = source if isinstance(source, Path) else None
    journal, prepared = job.begin(source, files)
    done = journal.done()
    job.announce(journal, prepared, frames, done)
    whole = [("", lambda state: zoom_frames(prepared, frames, state=state))]
    if job.make(journal, in_turn(journal, whole), frames, done):
        return INTERRUPTED
    made = journal.frames(frames)
    return job.finish(
        journal,
        lambda: finish_film(
            job.output, journal, made, comment=job.comment(prepared), fps=fps, quality=quality
        ),
    )

"""``puppyslug journey``: a zoom that descends through the layers of a network."""

from typing import Annotated

import typer

from puppyslug.cli import film_options, options
from puppyslug.cli.film_job import FilmJob
from puppyslug.cli.help_panels import FILM_PANEL
from puppyslug.cli.zoom import ZOOM_DEFAULTS, Photo, load_zoom_recipe, render_zoom
from puppyslug.errors import RecipeError
from puppyslug.networks import find_spec
from puppyslug.objectives import parse_objectives
from puppyslug.recipe import Timeline
from puppyslug.recipe.defaults import CROSSFADE, FILM_QUALITY, FRAMES_PER_LAYER

MIN_LAYERS = 4  # of a network whose own layers make a journey
_OBJECTIVE_OPTIONS = ("layer", "channel", "see", "guide", "objective")

FramesPerLayer = Annotated[
    int | None,
    typer.Option(
        "--frames-per-layer",
        metavar="N",
        min=1,
        help=f"number of frames per layer [default: {FRAMES_PER_LAYER}]",
        rich_help_panel=FILM_PANEL,
    ),
]
Layers = Annotated[
    str | None,
    typer.Option(
        "--layers",
        metavar="A,B,…",
        help="layers or objectives, in this order [default: the network's, highest to lowest]",
        rich_help_panel=FILM_PANEL,
    ),
]
Crossfade = Annotated[
    int,
    typer.Option(
        "--crossfade",
        metavar="N",
        min=0,
        help="number of frames over which one layer fades into the next",
        rich_help_panel=FILM_PANEL,
    ),
]


@options.recipe_options(camera=True, defaults=ZOOM_DEFAULTS)
def journey(
    photo: Photo = None,
    *,
    settings: dict[str, object],
    output: film_options.Output,
    each: FramesPerLayer = None,
    seconds: film_options.Seconds = None,
    layers: Layers = None,
    crossfade: Crossfade = CROSSFADE,
    fps: film_options.Fps = None,
    at: film_options.Keyframes = None,
    quality: film_options.Quality = FILM_QUALITY,
    recipe: options.RecipeFile = None,
    no_recipe: film_options.NoRecipe = False,
    force: film_options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Zoom into noise or a photo, down through the layers of a network.

    The film of 2015: it starts from random noise and moves to the next lower layer every 100
    frames. An interrupted film resumes with the same command.
    """
    from puppyslug.recipe.curve_values import evaluate_curves
    from puppyslug.video.zoom import journey_recipe

    given = [name for name in _OBJECTIVE_OPTIONS if name in settings]
    if given:
        raise RecipeError(f"a journey takes its layers from --layers A,B,C; leave out --{given[0]}")
    frame_rate = film_options.parse_fps(fps)
    complete, files = load_zoom_recipe(settings, recipe, at, frame_rate)
    spec = find_spec(complete.network)
    if layers is None:
        objectives = list(spec.preview_layers[::-1])
        if len(objectives) < MIN_LAYERS:
            raise RecipeError(f"{spec.name} has too few layers; choose some with --layers A,B,C")
    else:
        objectives = [str(one) for one in parse_objectives(layers, complete.find_label)]
    per_layer = None if seconds is None else seconds / len(objectives)
    each = film_options.count_frames(
        each, per_layer, frame_rate, FRAMES_PER_LAYER, "--frames-per-layer"
    )
    if "objective" in (complete.curves or {}):
        raise RecipeError("a journey takes its layers from --layers A,B,C; leave out their curve")
    complete = journey_recipe(complete, objectives, each, crossfade)
    frames = each * len(objectives)
    complete, values = evaluate_curves(complete, Timeline(frames, frame_rate))
    job = FilmJob(
        "journey",
        output,
        complete,
        {"frames": frames},
        quality=quality,
        no_recipe=no_recipe,
        force=force,
        quiet=quiet,
        values=values,
    )
    return render_zoom(job, photo, files, frames, frame_rate)

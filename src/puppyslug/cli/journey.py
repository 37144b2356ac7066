"""``puppyslug journey``: a zoom that descends through the layers of a network."""

from dataclasses import replace
from typing import Annotated

import typer

from puppyslug.cli import film_music, film_options, options
from puppyslug.cli.film_job import FilmJob
from puppyslug.cli.film_music import MusicOptions, signals_of
from puppyslug.cli.help_panels import FILM_PANEL
from puppyslug.cli.zoom import ZOOM_DEFAULTS, Photo, load_zoom_recipe, render_zoom
from puppyslug.errors import RecipeError
from puppyslug.networks import find_spec
from puppyslug.objectives import parse_objectives
from puppyslug.recipe import Recipe, Timeline
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
    draft: film_options.Draft = False,
    at: film_options.Keyframes = None,
    music: film_music.Song = None,
    dance: film_music.DanceName = None,
    attack: film_music.Attack = None,
    release: film_music.Release = None,
    quality: film_options.Quality = FILM_QUALITY,
    recipe: options.RecipeFile = None,
    no_recipe: film_options.NoRecipe = False,
    force: film_options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Zoom into noise or a photo, down through the layers of a network.

    The film of 2015: it starts from random noise and moves to the next lower layer every 100
    frames; with --music, it has the length of the song. An interrupted film resumes with the same
    command.
    """
    from puppyslug.video.zoom import journey_recipe

    given = [name for name in _OBJECTIVE_OPTIONS if name in settings]
    if given:
        raise RecipeError(f"a journey takes its layers from --layers A,B,C; leave out --{given[0]}")
    frame_rate = film_options.parse_fps(fps)
    song = film_music.load_song(music, recipe)
    timeline = Timeline(1, frame_rate, music=signals_of(song, frame_rate, 1))
    chosen = MusicOptions(at or (), dance, attack, release)
    complete, files = load_zoom_recipe(settings, recipe, chosen, timeline, layers=False)
    if "objective" in (complete.curves or {}):
        raise RecipeError("a journey takes its layers from --layers A,B,C; leave out their curve")
    objectives = _choose_objectives(complete, layers)
    frames = None
    if each is None and seconds is None and song is not None:
        frames = song.frames(frame_rate)
        each = max(1, frames // len(objectives))
    per_layer = None if seconds is None else seconds / len(objectives)
    each = film_options.count_frames(
        each, per_layer, frame_rate, FRAMES_PER_LAYER, "--frames-per-layer"
    )
    complete = film_options.as_draft(complete, photo) if draft else complete
    complete = journey_recipe(complete, objectives, each, crossfade)
    timeline = replace(timeline, frames=frames or each * len(objectives))
    complete, values = film_music.follow_music(complete, song, timeline, output)
    inputs = {"frames": timeline.frames}
    job = FilmJob("journey", output, complete, inputs, None, quality, no_recipe, force, quiet)
    return render_zoom(replace(job, values=values), photo, files, timeline, song)


def _choose_objectives(recipe: Recipe, layers: str | None) -> list[str]:
    """Return the objectives of a journey: those of ``--layers``, or the network's typical layers.

    Raises:
        PuppyslugError: the network has too few layers, or an objective cannot be parsed.
    """
    spec = find_spec(recipe.network)
    if layers is not None:
        return [str(one) for one in parse_objectives(layers, recipe.find_label)]
    if len(spec.preview_layers) < MIN_LAYERS:
        raise RecipeError(f"{spec.name} has too few layers; choose some with --layers A,B,C")
    return list(spec.preview_layers[::-1])

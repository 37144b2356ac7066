"""``puppyslug zoom``: an endless zoom into a dream."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import film_music, film_options, options
from puppyslug.cli.film_job import FilmJob
from puppyslug.cli.film_music import (
    OBJECTIVE_OPTIONS,
    FilmSong,
    MusicOptions,
    complete_recipe,
    signals_of,
)
from puppyslug.cli.help_panels import FILM_PANEL
from puppyslug.cli.messages import EXIT_INTERRUPTED
from puppyslug.cli.recipe_files import load_settings
from puppyslug.recipe import (
    STARTING_IMAGES,
    InputFiles,
    Recipe,
    Timeline,
    film_preset,
    find_preset,
    name_classes,
    parse_curves,
    parse_keyframes,
)
from puppyslug.recipe.defaults import (
    FILM_PRESET,
    FILM_QUALITY,
    FILM_STARTING_IMAGE,
    SEE_FILM_PRESET,
    ZOOM,
    ZOOM_FRAMES,
)

ZOOM_DEFAULTS = {"preset": FILM_PRESET, "zoom": ZOOM, **find_preset(FILM_PRESET).settings}

Photo = Annotated[
    str | None,
    typer.Argument(
        metavar="[PHOTO|noise|clouds]",
        help=f"starting image [default: {FILM_STARTING_IMAGE}]",
        show_default=False,
    ),
]
Frames = Annotated[
    int | None,
    typer.Option(
        "--frames",
        metavar="N",
        min=1,
        help=f"number of frames [default: {ZOOM_FRAMES}]",
        rich_help_panel=FILM_PANEL,
    ),
]


@options.recipe_options(camera=True, defaults=ZOOM_DEFAULTS)
def zoom(
    photo: Photo = None,
    *,
    settings: dict[str, object],
    output: film_options.Output,
    frames: Frames = None,
    seconds: film_options.Seconds = None,
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
    """Render an endless zoom: dream, zoom in a little, dream again.

    With --music, it has the length of the song. An interrupted film resumes with the same command.
    """
    frame_rate = film_options.parse_fps(fps)
    song = film_music.load_song(music, recipe)
    default = ZOOM_FRAMES if song is None else song.frames(frame_rate)
    count = film_options.count_frames(frames, seconds, frame_rate, default, "--frames")
    timeline = Timeline(count, frame_rate, music=signals_of(song, frame_rate, count))
    options_of_music = MusicOptions(at or (), dance, attack, release)
    complete, files = load_zoom_recipe(settings, recipe, options_of_music, timeline)
    complete = film_options.as_draft(complete, photo) if draft else complete
    complete, values = film_music.follow_music(complete, song, timeline, output)
    inputs = {"frames": count}
    job = FilmJob("zoom", output, complete, inputs, None, quality, no_recipe, force, quiet, values)
    return render_zoom(job, photo, files, timeline, song)


def load_zoom_recipe(
    settings: dict[str, object],
    recipe_file: Path | None,
    chosen: MusicOptions,
    timeline: Timeline,
    *,
    layers: bool = True,
) -> tuple[Recipe, InputFiles]:
    """Return the recipe and the input files of a zoom or journey.

    Args:
        settings: settings from the command line.
        recipe_file: the recipe file, or None for the defaults of films.
        chosen: keyframes, curves and dance.
        timeline: the frames, and the music.
        layers: whether a dance may change the layer, if the user chooses none.
    """
    changes = parse_keyframes(chosen.at, timeline.fps, timeline.music)
    is_named = name_classes(changes, parse_curves(chosen.at))
    if is_named and not {"network", "preset"} & settings.keys() and not recipe_file:
        network = find_preset(SEE_FILM_PRESET).settings["network"]
        settings = {"network": network, "preset": SEE_FILM_PRESET, **settings}
    layers = layers and not OBJECTIVE_OPTIONS & settings.keys()
    if recipe_file is None:
        preset = {} if "preset" in settings or "see" in settings else {"preset": FILM_PRESET}
        settings = {"zoom": ZOOM, **preset, **film_preset(settings), **settings}
    settings, files = load_settings(settings, recipe_file, new_photos=True)
    recipe = complete_recipe(settings, chosen, timeline, camera=True, layers=layers)
    return recipe, files


def render_zoom(
    job: FilmJob,
    photo: str | None,
    files: InputFiles,
    timeline: Timeline,
    song: FilmSong | None = None,
) -> int:
    """Render a zoom or journey.

    Args:
        job: the film; its source is not set yet.
        photo: path of the starting image, ``"noise"`` or ``"clouds"``; None for the default.
        files: mask, guides, weights and labels.
        timeline: the frames.
        song: the sound of the film, or None.

    Returns:
        The exit status: 0, or 130 after Ctrl-C.
    """
    from puppyslug.video.assembly import FilmLayout, render_parts
    from puppyslug.video.zoom import zoom_frames

    source: str | Path
    frames = timeline.frames
    if photo is None or photo in STARTING_IMAGES:
        source = photo or FILM_STARTING_IMAGE
        job = replace(job, recipe=job.recipe.with_settings({"photo": source}))
    else:
        from puppyslug.files.hashing import file_sha256
        from puppyslug.images import check_image_file

        source = Path(photo)
        check_image_file(source)
        inputs = {**job.inputs, "photo": file_sha256(source)}
        job = replace(job, source=source, inputs=inputs)
    checkpoint, prepared = job.start(source, files)
    done = checkpoint.frame_count()
    job.print_estimate(checkpoint, prepared, frames, done)
    end = frames / timeline.fps
    sound = film_music.soundtrack_of(song, job.output, end, quiet=job.quiet)
    layout = job.check_encoding(checkpoint, prepared, FilmLayout(timeline.fps, audio_from=sound))
    parts = [("", lambda state: zoom_frames(prepared, frames, values=job.values, state=state))]
    if not job.render(checkpoint, render_parts(checkpoint, parts), frames, done):
        return EXIT_INTERRUPTED
    return job.encode(checkpoint, checkpoint.load_frames(frames), prepared, layout)

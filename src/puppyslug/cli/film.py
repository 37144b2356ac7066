"""``puppyslug film``: a film dreamt frame by frame without flicker."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import film_music, film_options, options
from puppyslug.cli.film_clip import film_recipe, find_song, open_clip, plan_layout
from puppyslug.cli.film_job import FilmJob
from puppyslug.cli.film_music import OBJECTIVE_OPTIONS, MusicOptions, follow_music, load_song
from puppyslug.cli.help_panels import FILM_PANEL
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.cli.recipe_files import load_settings
from puppyslug.errors import RecipeError, plural
from puppyslug.recipe import InputFiles, film_preset
from puppyslug.recipe.defaults import DRAFT_EVERY, FILM_QUALITY, FILM_SIDE, FLOW, FLOWS

if TYPE_CHECKING:
    from puppyslug.cluster import Cluster
    from puppyslug.engine.prepared_dream import PreparedDream
    from puppyslug.video.checkpoint import FrameCheckpoint
    from puppyslug.video.segments import Segment

Source = Annotated[Path, typer.Argument(metavar="IN", help="a video file")]
Flow = Annotated[
    str,
    typer.Option(
        "--flow",
        metavar="dis|none",
        help="dis: the dreamt detail follows the motion of the film (optical flow); none: it stays "
        "in place",
        rich_help_panel=FILM_PANEL,
    ),
]

Fps = Annotated[
    float | None,
    typer.Option(
        "--fps",
        metavar="N",
        help="play all frames at this many per second, without sound [default: as in IN]",
        rich_help_panel=FILM_PANEL,
    ),
]
Every = Annotated[
    int | None,
    typer.Option(
        "--every",
        metavar="N",
        min=1,
        max=100,
        help="dream every Nth frame, and move the dream along the film's motion to those between",
        rich_help_panel=FILM_PANEL,
    ),
]
Draft = Annotated[
    bool,
    typer.Option(
        "--draft",
        help=f"render quickly, to judge the film: short for --every {DRAFT_EVERY}",
        rich_help_panel=FILM_PANEL,
    ),
]


@options.recipe_options(size=f"longest side in pixels [default: {FILM_SIDE}]")
def film(
    source: Source,
    *,
    settings: dict[str, object],
    output: film_options.Output,
    flow: Flow = FLOW,
    fps: Fps = None,
    every: Every = None,
    draft: Draft = False,
    at: film_options.Keyframes = None,
    music: film_music.Song = None,
    dance: film_music.DanceName = None,
    mix: film_music.Mix = 0.0,
    attack: film_music.Attack = None,
    release: film_music.Release = None,
    quality: film_options.Quality = FILM_QUALITY,
    recipe_file: options.RecipeFile = None,
    no_recipe: film_options.NoRecipe = False,
    force: film_options.Force = False,
    cluster: options.Cluster = None,
    quiet: options.Quiet = False,
) -> int:
    """Dream a film without flicker: the detail follows the motion.

    The sound is copied, unless --music names a song. Interrupted films resume with the same
    command, with or without a cluster.
    """
    from PIL import Image

    from puppyslug.cluster import connect
    from puppyslug.files.hashing import file_sha256
    from puppyslug.video import assembly
    from puppyslug.video.reader import read_frames
    from puppyslug.video.segments import split_into_segments

    if flow not in FLOWS:
        raise RecipeError(f"unknown --flow {flow!r}; choose from {', '.join(FLOWS)}")
    assembly.check_video_path(output, force=force, source=source)
    chosen = MusicOptions(at or (), dance, attack, release)
    layers = not OBJECTIVE_OPTIONS & settings.keys()
    with connect(cluster) as connection:
        clip = open_clip(source, None if fps is None else film_options.parse_fps(fps), quiet=quiet)
        size = str(min(FILM_SIDE, max(clip.video.size)))
        settings = {"size": size, **film_preset(settings), **settings}
        settings, files = load_settings(settings, recipe_file, new_photos=True)
        song = find_song(clip, load_song(music, recipe_file), chosen, settings)
        recipe, timeline = film_recipe(settings, chosen, song, clip, layers=layers, quiet=quiet)
        recipe, values = follow_music(recipe, song, timeline, output)
        inputs = {"film": file_sha256(source), "flow": flow, **_every(every, draft=draft)}
        job = FilmJob("film", output, recipe, inputs, source, quality, no_recipe, force, quiet)
        job = replace(job, values=values)
        first_frame = next(iter(read_frames(source))).pixels
        checkpoint, prepared = job.start(Image.fromarray(first_frame), files)
        layout = plan_layout(job, prepared, clip, song, mix)
        layout = job.check_encoding(checkpoint, prepared, layout)
        segments = split_into_segments(clip.frames, clip.analysis.cuts)
        if not _render_segments(job, checkpoint, prepared, segments, files, connection):
            return EXIT_INTERRUPTED
        frames = assembly.assemble_frames(checkpoint, segments)
        return job.encode(checkpoint, frames, prepared, layout)


def _every(every: int | None, *, draft: bool) -> dict[str, int]:
    """Return every how many frames one is dreamt, as an input of the job; nothing for all."""
    every = every or (DRAFT_EVERY if draft else 1)
    return {"every": every} if every > 1 else {}


def _render_segments(
    job: FilmJob,
    checkpoint: "FrameCheckpoint",
    prepared: "PreparedDream",
    segments: "Sequence[Segment]",
    files: InputFiles,
    cluster: "Cluster | None",
) -> bool:
    """Render the missing frames of all segments; return False after Ctrl-C."""
    from puppyslug.video.assembly import render_parts, segment_name
    from puppyslug.video.film import ITERATION_SHARE, FilmOptions, dream_segment

    assert job.source is not None
    parts = {segment_name(index): segment for index, segment in enumerate(segments)}
    missing = {
        name: segment
        for name, segment in parts.items()
        if checkpoint.frame_count(name) < segment.last - segment.first
    }
    frames = sum(segment.last - segment.first for segment in segments)
    done = sum(map(checkpoint.frame_count, parts))
    every = int(job.inputs.get("every", 1))
    options = FilmOptions(job.inputs["flow"] == "dis", every, job.values)
    concurrency = 1
    with ExitStack() as stack:
        if cluster is None:
            dream = partial(dream_segment, prepared, job.source, options=options)
            renderers = ((name, partial(dream, segment)) for name, segment in missing.items())
            rendered = render_parts(checkpoint, renderers)
        else:
            from puppyslug.cluster.film import dream_film_segments
            from puppyslug.cluster.worker_pool import create_pool

            notify = partial(print_message, quiet=job.quiet)
            pool = stack.enter_context(create_pool(cluster, prepared, files, on_message=notify))
            rendered = dream_film_segments(
                pool,
                prepared,
                job.source,
                missing,
                checkpoint.load_state,
                options,
            )
            concurrency = pool.concurrency(len(missing))
            notify(f"{plural(len(missing), 'segment')}, {concurrency} at the same time")
        frame_cost = ITERATION_SHARE / (concurrency * every)
        job.print_estimate(checkpoint, prepared, frames, done, frame_cost=frame_cost)
        return job.render(checkpoint, rendered, frames, done)

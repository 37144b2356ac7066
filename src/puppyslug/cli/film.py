"""``puppyslug film``: a film dreamt frame by frame without flicker."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import film_options, options
from puppyslug.cli.film_job import FilmJob
from puppyslug.cli.help_panels import FILM_PANEL
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.cli.recipe_files import load_settings
from puppyslug.errors import RecipeError, plural
from puppyslug.recipe import (
    FrameValues,
    InputFiles,
    Recipe,
    Timeline,
    film_preset,
    parse_curves,
    parse_keyframes,
    with_curves,
    with_keyframes,
)
from puppyslug.recipe.curves import without_fields
from puppyslug.recipe.defaults import FILM_QUALITY, FILM_SIDE, FLOW, FLOWS
from puppyslug.recipe.schedule import CAMERA_FIELDS

if TYPE_CHECKING:
    from puppyslug.cluster import Cluster
    from puppyslug.engine.prepared_dream import PreparedDream
    from puppyslug.video.assembly import FilmLayout
    from puppyslug.video.checkpoint import FrameCheckpoint
    from puppyslug.video.reader import VideoInfo
    from puppyslug.video.segments import Segment, VideoAnalysis

HALF = Fraction(1, 2)
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


@options.recipe_options(size=f"longest side in pixels [default: {FILM_SIDE}]")
def film(
    source: Source,
    *,
    settings: dict[str, object],
    output: film_options.Output,
    flow: Flow = FLOW,
    fps: Fps = None,
    at: film_options.Keyframes = None,
    quality: film_options.Quality = FILM_QUALITY,
    recipe_file: options.RecipeFile = None,
    no_recipe: film_options.NoRecipe = False,
    force: film_options.Force = False,
    cluster: options.Cluster = None,
    quiet: options.Quiet = False,
) -> int:
    """Dream a film without flicker: the detail follows the motion.

    The sound is copied. Interrupted films resume with the same command, with or without a cluster.
    """
    from PIL import Image

    from puppyslug.cluster import connect
    from puppyslug.files.hashing import file_sha256
    from puppyslug.video import assembly
    from puppyslug.video.reader import probe_video, read_frames
    from puppyslug.video.segments import analyse_video, split_into_segments

    if flow not in FLOWS:
        raise RecipeError(f"unknown --flow {flow!r}; choose from {', '.join(FLOWS)}")
    assembly.check_video_path(output, force=force, source=source)
    with connect(cluster) as connection:
        video = probe_video(source)
        size = str(min(FILM_SIDE, max(video.size)))
        settings = {"size": size, **film_preset(settings), **settings}
        settings, files = load_settings(settings, recipe_file, new_photos=True)
        analysis = analyse_video(source)
        for notice in (*video.notices, *analysis.notices):
            print_message(notice, quiet=quiet)
        if len(analysis.times) == 1:
            print_message(
                f"{source.name} is a single picture, so the film has one frame; 'puppyslug zoom' "
                "makes a moving film of it, 'puppyslug dream' a picture",
                quiet=quiet,
            )
        frame_rate = None if fps is None else film_options.parse_fps(fps)
        timeline = Timeline(len(analysis.times), video.fps)
        recipe, values = _complete_recipe(settings, at or [], timeline, quiet=quiet)
        inputs = {"film": file_sha256(source), "flow": flow}
        job = FilmJob("film", output, recipe, inputs, source, quality, no_recipe, force, quiet)
        job = replace(job, values=values)
        first_frame = next(iter(read_frames(source))).pixels
        checkpoint, prepared = job.start(Image.fromarray(first_frame), files)
        layout = _plan_layout(job, prepared, video, analysis, frame_rate)
        layout = job.check_encoding(checkpoint, prepared, layout)
        segments = split_into_segments(len(analysis.times), analysis.cuts)
        if not _render_segments(job, checkpoint, prepared, segments, files, connection):
            return EXIT_INTERRUPTED
        frames = assembly.assemble_frames(checkpoint, segments)
        return job.encode(checkpoint, frames, prepared, layout)


def _complete_recipe(
    settings: Mapping[str, object], at: Sequence[str], timeline: Timeline, *, quiet: bool
) -> tuple[Recipe, FrameValues]:
    """Return the recipe of a film with its keyframes, and the values of its curves.

    Args:
        settings: fields of the recipe.
        at: values of ``--at``.
        timeline: the frames of the film.
        quiet: whether to print no notices.

    Raises:
        PuppyslugError: the settings, a keyframe or a curve are invalid.
    """
    from puppyslug.recipe.curve_values import evaluate_curves

    keyframes, curves = parse_keyframes(at, timeline.fps, timeline.music), parse_curves(at)
    recipe = with_keyframes(Recipe.complete(settings), keyframes)
    recipe = _without_camera(with_curves(recipe, curves, keyframes), curves, quiet=quiet)
    return evaluate_curves(recipe, timeline)


def _without_camera(recipe: Recipe, given: Mapping[str, str], *, quiet: bool) -> Recipe:
    """Return the recipe without curves of the camera, which a film does not move.

    Raises:
        RecipeError: the user gave such a curve.
    """
    if wrong := sorted(CAMERA_FIELDS & given.keys()):
        raise RecipeError(
            f"{wrong[0]} moves the camera of zooms and journeys, which a film does not have; leave "
            "out its curve"
        )
    if unused := sorted(CAMERA_FIELDS & (recipe.curves or {}).keys()):
        print_message(f"the recipe's curves of {', '.join(unused)} do not apply", quiet=quiet)
    curves = without_fields(recipe.curves, CAMERA_FIELDS)
    return recipe if curves == recipe.curves else recipe.with_settings({"curves": curves})


def _plan_layout(
    job: FilmJob,
    prepared: "PreparedDream",
    video: "VideoInfo",
    analysis: "VideoAnalysis",
    fps: Fraction | None,
) -> "FilmLayout":
    """Return times, sound and transparency of the film, and say what is left out."""
    from puppyslug.video.assembly import FilmLayout
    from puppyslug.video.film import read_alphas
    from puppyslug.video.writer import supports_alpha

    notify = partial(print_message, quiet=job.quiet)
    obstacle = _audio_obstacle(job.output, fps)
    if video.has_audio and obstacle:
        notify(f"the sound of {video.path.name} is left out: {obstacle}")
    alphas = None
    if analysis.transparent and supports_alpha(job.output):
        alphas = read_alphas(video.path, prepared.size)
    elif analysis.transparent:
        file_format = job.output.suffix[1:].upper()
        notify(f"{file_format} does not support transparency; {job.output.name} is opaque")
    times = None if fps or _is_constant(analysis, video.fps) else analysis.times
    return FilmLayout(
        fps or video.fps,
        times,
        analysis.end,
        video.path if video.has_audio and not obstacle else None,
        alphas,
    )


def _is_constant(analysis: "VideoAnalysis", fps: Fraction) -> bool:
    """Return whether all frames of a film last equally long, up to half a frame for the last."""
    count = len(analysis.times)
    if analysis.end is not None and abs(analysis.end * fps - count) > HALF:
        return False
    return all(time == number / fps for number, time in enumerate(analysis.times))


def _audio_obstacle(output: Path, fps: Fraction | None) -> str:
    """Return why the sound of a film cannot be copied; empty if it can."""
    if fps is not None:
        return "the frame rate is changed"
    return "a GIF has no sound" if output.suffix.lower() == ".gif" else ""


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
    from puppyslug.video.film import ITERATION_SHARE, dream_segment

    assert job.source is not None
    parts = {segment_name(index): segment for index, segment in enumerate(segments)}
    missing = {
        name: segment
        for name, segment in parts.items()
        if checkpoint.frame_count(name) < segment.last - segment.first
    }
    frames = sum(segment.last - segment.first for segment in segments)
    done = sum(map(checkpoint.frame_count, parts))
    by_flow = job.inputs["flow"] == "dis"
    concurrency = 1
    with ExitStack() as stack:
        if cluster is None:
            dream = partial(dream_segment, prepared, job.source, by_flow=by_flow, values=job.values)
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
                by_flow=by_flow,
                values=job.values,
            )
            concurrency = pool.concurrency(len(missing))
            notify(f"{plural(len(missing), 'segment')}, {concurrency} at the same time")
        frame_cost = ITERATION_SHARE / concurrency
        job.print_estimate(checkpoint, prepared, frames, done, frame_cost=frame_cost)
        return job.render(checkpoint, rendered, frames, done)

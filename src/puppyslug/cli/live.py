"""``puppyslug live``: a camera, dreamt while one looks."""

import itertools
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import film_options, options
from puppyslug.cli.help_panels import LIVE_PANEL, OUTPUT_PANEL
from puppyslug.cli.live_progress import LiveProgress
from puppyslug.cli.messages import print_message
from puppyslug.cli.recipe_files import load_settings
from puppyslug.errors import OutputError, RecipeError, plural
from puppyslug.recipe.defaults import FILM_QUALITY, LIVE_FPS, LIVE_PRESET, LIVE_SIDE

if TYPE_CHECKING:
    from puppyslug.live.frames import CapturedFrame, LiveFrame
    from puppyslug.video.frames import TimedFrame

CAMERA, STREAM = "0", "-"
MAX_FPS = 60
MIN_SIDE, MAX_SIDE = 32, 2048  # pixels
Source = Annotated[
    str,
    typer.Argument(
        metavar="[0|FILE|-]",
        help="number of a camera; a video file, which plays in real time; or - for a video from "
        "standard input",
    ),
]
Fps = Annotated[
    float,
    typer.Option(
        "--fps",
        metavar="N",
        min=1,
        max=MAX_FPS,
        help="frames per second at most; size, octaves and steps adapt to what the machine can do",
        rich_help_panel=LIVE_PANEL,
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        "--seconds",
        metavar="N",
        min=0.1,
        help="end after this time [default: at the end of the file, or with Ctrl-C]",
        rich_help_panel=LIVE_PANEL,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="record a film, .mp4, .webm or .gif, without a browser",
        rich_help_panel=OUTPUT_PANEL,
    ),
]


@options.recipe_options(
    size=f"longest side of the frames that the network sees, in pixels [default: {LIVE_SIDE}]",
    defaults={"preset": LIVE_PRESET},
)
def live(
    source: Source = CAMERA,
    *,
    settings: dict[str, object],
    fps: Fps = LIVE_FPS,
    seconds: Seconds = None,
    output: Output = None,
    quality: film_options.Quality = FILM_QUALITY,
    recipe_file: options.RecipeFile = None,
    no_recipe: film_options.NoRecipe = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Dream a camera or a video while you look.

    Frames are dropped rather than delayed. Without -o, the studio opens with its page Live, where
    the browser shows the camera. Ctrl-C ends a recording, which is complete.
    """
    if output is None:
        return _open_page(source, settings)
    from puppyslug.live.loop import dream_live
    from puppyslug.video.assembly import check_video_path

    path = Path(source)
    check_video_path(output, force=force, source=path if path.is_file() else None)
    side = _working_side(settings.pop("size", None))
    merged, files = load_settings(settings, recipe_file, new_photos=True)
    frames = dream_live(_capture(source), merged, fps=fps, side=side, files=files)
    progress = LiveProgress(quiet=quiet)
    with progress:
        count = _record(output, _until(frames, seconds, progress), fps, quality, no_recipe)
    print_message(f"{plural(count, 'frame')}, {progress.summary}", quiet=quiet)
    print(output)
    return 0


def _open_page(source: str, settings: dict[str, object]) -> int:
    """Open the studio with its page Live."""
    from puppyslug.cli.studio import open_studio

    if source != CAMERA or settings:
        raise RecipeError(
            "without -o, the browser chooses the camera and the page the look; add -o OUT.mp4 to "
            "record without a browser"
        )
    return open_studio(page="live")


def _working_side(size: object) -> int:
    """Return the longest side of the working size.

    Raises:
        RecipeError: it is not a number of pixels.
    """
    text = str(LIVE_SIDE if size is None else size)
    if not text.isdecimal() or not MIN_SIDE <= int(text[:9]) <= MAX_SIDE:
        raise RecipeError(
            f"--size is {text!r}; give the longest side in pixels, {MIN_SIDE} to {MAX_SIDE}"
        )
    return int(text)


def _capture(source: str) -> "Iterable[CapturedFrame]":
    """Open a camera, a file or standard input.

    Raises:
        OutputError: there is no such file.
        VideoError: there is no such camera, or the file cannot be read.
    """
    from puppyslug.live.newest import NewestFrames
    from puppyslug.live.sources import play, read_camera, read_stream
    from puppyslug.video.reader import probe_video, read_frames

    if source == STREAM:
        return NewestFrames(read_stream(sys.stdin.buffer))
    if source.isdecimal():
        return NewestFrames(read_camera(int(source)))
    path = Path(source)
    if not path.is_file():
        raise OutputError(
            f"there is no video {source}; give the number of a camera, a file, or - for standard "
            "input"
        )
    probe_video(path)
    return play(read_frames(path))


def _until(
    frames: "Iterator[LiveFrame]", seconds: float | None, progress: LiveProgress
) -> "Iterator[LiveFrame]":
    """Yield frames until a time is over, or until Ctrl-C."""
    first: float | None = None
    try:
        for frame in frames:
            first = frame.source.time if first is None else first
            if seconds is not None and frame.source.time - first >= seconds:
                return
            progress.add(frame)
            yield frame
    except KeyboardInterrupt:
        return


def _record(
    output: Path, frames: "Iterator[LiveFrame]", fps: float, quality: int, no_recipe: bool
) -> int:
    """Write a film, whose frames have the times at which they were captured; return their number.

    Raises:
        OutputError: there is no frame, or the film cannot be written.
    """
    from puppyslug.video.frames import TimedFrame
    from puppyslug.video.writer import MPEG_CLOCK_RATE, write_video

    first = next(frames, None)
    if first is None:
        raise OutputError("no frame was dreamt; check the camera or the file")
    count = 0

    def timed() -> "Iterator[TimedFrame]":
        nonlocal count
        for frame in itertools.chain((first,), frames):
            count += 1
            ticks = round((frame.source.time - first.source.time) * MPEG_CLOCK_RATE)
            yield TimedFrame(Fraction(ticks, MPEG_CLOCK_RATE), frame.pixels)

    write_video(
        output,
        timed(),
        fps=film_options.parse_fps(fps),
        time_base=Fraction(1, MPEG_CLOCK_RATE),
        quality=quality,
        comment="" if no_recipe else first.recipe.to_json(),
    )
    return count

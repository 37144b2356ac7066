"""From rendered frames to a finished film: stores frames, joins segments, encodes the file."""

import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from puppyslug.errors import OutputError, option
from puppyslug.files.atomic import check_writable
from puppyslug.files.names import shorten_name
from puppyslug.video.checkpoint import FrameCheckpoint, disk_space_needed
from puppyslug.video.frames import Alpha, Pixels, RenderedFrame, ResumeState, TimedFrame
from puppyslug.video.segments import Segment
from puppyslug.video.soundtrack import Soundtrack
from puppyslug.video.writer import MPEG_CLOCK_RATE, check_suffix, write_video

MAX_TRIAL_STEM = 190  # bytes
Renderer = Callable[[ResumeState], Iterator[RenderedFrame]]  # yields the frames after a state


@dataclass(frozen=True)
class FilmLayout:
    """What a film is made of, besides the pixels of its frames.

    Attributes:
        fps: frames per second, on average.
        times: time of each frame in seconds; None for a constant frame rate.
        end: time at which the last frame ends; None if it lasts 1 / fps.
        audio_from: a video whose sound track is used, or a song.
        alphas: opacity of each frame, H×W; None for opaque films.
    """

    fps: Fraction
    times: Sequence[Fraction] | None = None
    end: Fraction | None = None
    audio_from: Path | Soundtrack | None = None
    alphas: Iterable[Alpha] | None = None

    @property
    def time_base(self) -> Fraction | None:
        """Unit of variable times, in seconds."""
        return None if self.times is None else Fraction(1, MPEG_CLOCK_RATE)


def check_video_path(path: Path, *, force: bool, source: Path | None = None) -> None:
    """Check that a film can be written.

    Args:
        path: path of the film.
        force: whether it may replace an existing file.
        source: the file that the film is made from, which it must not replace.

    Raises:
        OutputError: the suffix is unknown, the folder does not exist, or the file exists.
    """
    check_suffix(path)
    check_writable(path, overwrite=True)
    if path.exists() and source is not None and source.exists() and path.samefile(source):
        raise OutputError(f"{path} is the input file; choose another name for the output")
    if path.exists() and not force:
        raise OutputError(
            f"{path} exists; choose another name, or replace it with {option('force')}"
        )


def check_disk_space(path: Path, size: tuple[int, int], frames: int, done: int) -> int:
    """Check that the disk has room for the frames of a film.

    Args:
        path: path of the film.
        size: (height, width) of its frames.
        frames: number of frames.
        done: number of frames that are stored already.

    Returns:
        Disk space for all frames, in bytes.

    Raises:
        OutputError: the disk has too little free space for the remaining frames.
    """
    if done >= frames:
        return disk_space_needed(size, frames)
    needed = disk_space_needed(size, frames - done)
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise OutputError(
            f"{frames} frames need up to {needed / 1e6:,.0f} MB beside {path} while it is "
            f"rendered, but {free / 1e6:,.0f} MB are free; free disk space, or choose a smaller "
            f"{option('size')}"
        )
    return disk_space_needed(size, frames)


def render_parts(
    checkpoint: FrameCheckpoint, parts: Iterable[tuple[str, Renderer]]
) -> Iterator[tuple[str, RenderedFrame]]:
    """Render the missing frames of each part, one part after the other.

    Args:
        checkpoint: its stored states say where each part resumes.
        parts: names of the parts, and their renderers.

    Yields:
        The name of a part, and its next frame.
    """
    for part, render in parts:
        for frame in render(checkpoint.load_state(part)):
            yield part, frame


def save_frames(
    checkpoint: FrameCheckpoint,
    frames: Iterable[tuple[str, RenderedFrame]],
    on_frame: Callable[[Pixels], None] | None = None,
) -> None:
    """Store frames as they are rendered; frames of several parts may be interleaved.

    Args:
        checkpoint: stores each frame before the next one is requested.
        frames: names of parts, and for each part its missing frames in order.
        on_frame: called with every frame that has been stored.
    """
    numbers: dict[str, int] = {}
    for part, frame in frames:
        number = numbers.setdefault(part, checkpoint.frame_count(part))
        checkpoint.save(number, frame, part)
        numbers[part] += 1
        if on_frame is not None:
            on_frame(frame.pixels)


def segment_name(index: int) -> str:
    """Return the name under which the frames of a segment are stored."""
    return f"{index:04d}-"


def assemble_frames(checkpoint: FrameCheckpoint, segments: Sequence[Segment]) -> Iterator[Pixels]:
    """Load all frames of a film in order, cross-fading where segments overlap."""
    for index, segment in enumerate(segments):
        following = segments[index + 1] if index + 1 < len(segments) else None
        count = (following.first if following else segment.last) - segment.first
        skipped = segment.overlap
        yield from checkpoint.load_frames(count - skipped, segment_name(index), skipped)
        if following is not None and following.overlap:
            ending = checkpoint.load_frames(following.overlap, segment_name(index), count)
            beginning = checkpoint.load_frames(following.overlap, segment_name(index + 1))
            for step, (old, new) in enumerate(zip(ending, beginning, strict=True), 1):
                share = step / (following.overlap + 1)
                mixed = old + (new.astype(np.float32) - old) * share
                yield np.asarray(mixed + 0.5, np.uint8)


def encode_film(
    path: Path,
    checkpoint: FrameCheckpoint,
    frames: Iterator[Pixels],
    *,
    comment: str,
    fps: Fraction | None = None,
    layout: FilmLayout | None = None,
    quality: int,
) -> None:
    """Encode the frames of a checkpoint as a film, then delete the checkpoint.

    Args:
        path: path of the film.
        checkpoint: the checkpoint that holds the frames.
        frames: its frames, in order.
        comment: text to embed in the file, such as the recipe.
        fps: frames per second, for a film of a constant frame rate without sound.
        layout: times, sound and transparency of any other film.
        quality: 0 to 100.

    Raises:
        OutputError: the film cannot be written; the checkpoint is kept, and named.
    """
    if layout is None:
        assert fps is not None
        layout = FilmLayout(fps)
    try:
        write_video(
            path,
            _timed_frames(frames, layout),
            fps=layout.fps,
            time_base=layout.time_base,
            quality=quality,
            audio_from=layout.audio_from,
            comment=comment,
        )
    except OutputError as error:
        raise OutputError(
            f"{error}; the frames are kept in {checkpoint.folder}: run the same command to finish"
        ) from error
    checkpoint.delete()


def check_encoding(
    path: Path, size: tuple[int, int], layout: FilmLayout, *, comment: str, quality: int
) -> tuple[FilmLayout, list[str]]:
    """Write a film of two blank frames with the whole sound, before the first frame is rendered.

    Args:
        path: path of the film, which is not changed.
        size: (height, width) of its frames.
        layout: everything else that the film is made of.
        comment: text to embed in the file.
        quality: 0 to 100.

    Returns:
        The layout, without the sound if it cannot be written; and sentences for the user about
        what is left out.

    Raises:
        OutputError: a film of this kind cannot be written.
    """
    blank = np.zeros((*size, 3), np.uint8)
    alpha = None if layout.alphas is None else np.zeros(size, np.uint8)
    frames = [TimedFrame(number / layout.fps, blank, alpha=alpha) for number in range(2)]
    trial = path.with_name(f".{shorten_name(path.stem, MAX_TRIAL_STEM)}.trial{path.suffix}")
    notices: list[str] = []

    def write(source: Path | Soundtrack | None) -> None:
        write_video(
            trial,
            frames,
            fps=layout.fps,
            time_base=layout.time_base,
            quality=quality,
            audio_from=source,
            comment=comment,
            notices=notices,
        )

    try:
        write(layout.audio_from)
    except OutputError as error:
        if layout.audio_from is None:
            raise OutputError(str(error).replace(str(trial), str(path))) from error
        notices.append(f"the sound of {layout.audio_from.name} is left out: {error.__cause__}")
        layout = replace(layout, audio_from=None)
        check_encoding(path, size, layout, comment=comment, quality=quality)
    finally:
        trial.unlink(missing_ok=True)
    return layout, notices


def _timed_frames(frames: Iterator[Pixels], layout: FilmLayout) -> Iterator[TimedFrame]:
    """Give each frame its time and its alpha, and the last one its duration."""
    alphas = itertools.repeat(None) if layout.alphas is None else iter(layout.alphas)
    last = None if layout.times is None else len(layout.times) - 1
    for number, (pixels, alpha) in enumerate(zip(frames, alphas, strict=False)):
        time = layout.times[number] if layout.times else number / layout.fps
        duration = layout.end - time if number == last and layout.end is not None else None
        yield TimedFrame(time, pixels, duration, alpha)

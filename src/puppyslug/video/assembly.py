"""From rendered frames to a finished film: stores frames, joins segments, encodes the file."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from puppyslug.errors import OutputError, option
from puppyslug.files.atomic import check_writable
from puppyslug.video.checkpoint import FrameCheckpoint, disk_space_needed
from puppyslug.video.frames import Pixels, RenderedFrame, ResumeState, TimedFrame
from puppyslug.video.segments import Segment
from puppyslug.video.writer import MPEG_CLOCK_RATE, check_suffix, write_video

Renderer = Callable[[ResumeState], Iterator[RenderedFrame]]  # yields the frames after a state


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
    needed = disk_space_needed(size, frames - done)
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise OutputError(
            f"{frames} frames need up to {needed / 1e9:.1f} GB beside {path} while it is rendered, "
            f"but {free / 1e9:.1f} GB are free; free disk space, or choose a smaller "
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
    fps: Fraction,
    times: Sequence[Fraction] | None = None,
    quality: int,
    audio_from: Path | None = None,
) -> None:
    """Encode the frames of a checkpoint as a film, then delete the checkpoint.

    Args:
        path: path of the film.
        checkpoint: the checkpoint that holds the frames.
        frames: its frames, in order.
        comment: text to embed in the file, such as the recipe.
        fps: frames per second, on average.
        times: time of each frame in seconds; None for a constant frame rate.
        quality: 0 to 100.
        audio_from: a video whose sound track is copied.

    Raises:
        OutputError: the film cannot be written; the checkpoint is kept.
    """
    timed = (
        TimedFrame(times[number] if times else number / fps, pixels)
        for number, pixels in enumerate(frames)
    )
    write_video(
        path,
        timed,
        fps=fps,
        time_base=Fraction(1, MPEG_CLOCK_RATE) if times else None,
        quality=quality,
        audio_from=audio_from,
        comment=comment,
    )
    checkpoint.delete()

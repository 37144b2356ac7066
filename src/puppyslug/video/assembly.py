"""From a generator of frames to a finished film: journal, resume, assembly."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from puppyslug.errors import OutputError
from puppyslug.files.atomic import check_place
from puppyslug.video.checkpoint import Journal, Made, State, room_needed
from puppyslug.video.reader import Frame, Pixels
from puppyslug.video.segments import Segment
from puppyslug.video.writer import TICKS, check_suffix, write_film

Make = Callable[[State], Iterator[Made]]


def check_film(path: Path, *, force: bool, read: Path | None = None) -> None:
    """Refuse a film that could not be written.

    Args:
        path: the film.
        force: whether it may be there already.
        read: what it is made from, which it must not replace.

    Raises:
        OutputError: an unknown suffix, no such folder, or a film that is there already.
    """
    check_suffix(path)
    check_place(path, overwrite=True)
    if path.exists() and read is not None and read.exists() and path.samefile(read):
        raise OutputError(f"{path} is what is read for this; name another file")
    if path.exists() and not force:
        raise OutputError(f"{path} exists; give another name, or --force to replace it")


def check_room(path: Path, size: tuple[int, int], frames: int, done: int) -> int:
    """How many bytes of disk a film's frames may take until it is done.

    Args:
        path: the film.
        size: (height, width) of its frames.
        frames: how many there will be.
        done: how many of them are there already.

    Raises:
        OutputError: there is less room.
    """
    needed = room_needed(size, frames - done)
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise OutputError(
            f"{frames} frames may take {needed / 1e9:.1f} GB beside {path} until it is done, and "
            f"{free / 1e9:.1f} GB are free; make room, or take a smaller --size"
        )
    return room_needed(size, frames)


def in_turn(journal: Journal, parts: Iterable[tuple[str, Make]]) -> Iterator[tuple[str, Made]]:
    """Make the missing frames of one part after the other.

    Args:
        journal: which knows from what state on.
        parts: their names, and what makes frames from a state on.

    Yields:
        The name of a part, and its next frame.
    """
    for part, make in parts:
        for made in make(journal.state(part)):
            yield part, made


def keep_all(
    journal: Journal,
    frames: Iterable[tuple[str, Made]],
    kept: Callable[[Pixels], None] | None = None,
) -> None:
    """Keep frames as they are made; those of several parts may come in among each other.

    Args:
        journal: where they are kept; each is there before the next one is asked for.
        frames: names of parts, and of each part the frames that are missing, in their order.
        kept: called with every frame that has been kept.
    """
    numbers: dict[str, int] = {}
    for part, made in frames:
        number = numbers.setdefault(part, journal.done(part))
        journal.keep(number, made, part)
        numbers[part] += 1
        if kept is not None:
            kept(made.pixels)


def part_name(index: int) -> str:
    """What the frames of a segment are called by."""
    return f"{index:04d}-"


def assembled(journal: Journal, segments: Sequence[Segment]) -> Iterator[Pixels]:
    """All frames of a film in order; where segments overlap, one gives way to the other."""
    for index, segment in enumerate(segments):
        following = segments[index + 1] if index + 1 < len(segments) else None
        own = (following.first if following else segment.last) - segment.first
        skipped = segment.overlap
        yield from journal.frames(own - skipped, part_name(index), skipped)
        if following is not None and following.overlap:
            old = journal.frames(following.overlap, part_name(index), own)
            new = journal.frames(following.overlap, part_name(index + 1))
            for step, (one, other) in enumerate(zip(old, new, strict=True), 1):
                share = step / (following.overlap + 1)
                mixed = one + (other.astype(np.float32) - one) * share
                yield np.asarray(mixed + 0.5, np.uint8)


def finish_film(
    path: Path,
    journal: Journal,
    frames: Iterator[Pixels],
    *,
    comment: str,
    fps: Fraction,
    times: Sequence[Fraction] | None = None,
    quality: int,
    audio_from: Path | None = None,
) -> None:
    """Write a film from its frames, then throw those away.

    Args:
        path: the film.
        journal: whose frames they are.
        frames: in order.
        comment: text that the film carries, such as its recipe.
        fps: frames a second, on average.
        times: of the frames where their pace is uneven.
        quality: 0 to 100.
        audio_from: a film whose sound this one gets.

    Raises:
        OutputError: it cannot be written; the frames stay.
    """
    timed = (
        Frame(times[number] if times else number / fps, pixels)
        for number, pixels in enumerate(frames)
    )
    write_film(
        path,
        timed,
        fps=fps,
        time_base=Fraction(1, TICKS) if times else None,
        quality=quality,
        audio_from=audio_from,
        comment=comment,
    )
    journal.remove()

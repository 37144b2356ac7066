"""Segments of a film that are dreamt independently: scenes, and parts of long scenes.

Segments depend only on the film, so a single machine and every cluster divide it in the same way.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from puppyslug.video.frames import FloatArray, Pixels
from puppyslug.video.reader import read_frames

MAX_SEGMENT = 300  # frames; longer scenes are divided
SEGMENT_INTERVAL = 240  # frames from the start of a segment to that of the next one in its scene
OVERLAP = 12  # frames over which a segment cross-fades into the next one of its scene
THUMBNAIL_SIZE = (64, 36)  # width and height in pixels, for comparing frames
MIN_CUT_DIFFERENCE = 0.1  # mean difference between frames at a cut, relative to full scale
CUT_RATIO = 3.0  # of a cut's difference to the median of the surrounding ones
CUT_WINDOW = 6  # frames on either side
OPAQUE = 255


class Segment(NamedTuple):
    """Frames ``first`` … ``last`` - 1 of a film.

    Attributes:
        first: index of the first frame.
        last: index after the last frame.
        overlap: number of frames at the start that cross-fade from the previous segment.
    """

    first: int
    last: int
    overlap: int = 0


class VideoAnalysis(NamedTuple):
    """Frame times, scene cuts and transparency of a video.

    Attributes:
        times: of all readable frames, in seconds from the first one.
        cuts: indices of the first frames of all scenes but the first.
        notices: what the user should know about its frames, one sentence each.
        end: time at which the last frame ends; None if its duration is unknown.
        transparent: whether any frame is not opaque.
    """

    times: tuple[Fraction, ...]
    cuts: tuple[int, ...]
    notices: tuple[str, ...]
    end: Fraction | None = None
    transparent: bool = False


def analyse_video(path: Path) -> VideoAnalysis:
    """Decode a video once to find its frame times, scene cuts and transparency.

    Raises:
        VideoError: the video cannot be read.
    """
    notices: list[str] = []
    times: list[Fraction] = []
    differences: list[float] = []
    previous = None
    end: Fraction | None = None
    transparent = False
    for frame in read_frames(path, notices):
        current = frame_thumbnail(frame.pixels)
        differences.append(0.0 if previous is None else frame_difference(current, previous))
        previous = current
        times.append(frame.time)
        end = None if frame.duration is None else frame.time + frame.duration
        transparent = transparent or (frame.alpha is not None and bool(frame.alpha.min() < OPAQUE))
    return VideoAnalysis(tuple(times), find_cuts(differences), tuple(notices), end, transparent)


def frame_thumbnail(pixels: Pixels) -> FloatArray:
    """Scale a frame down to the size at which frames are compared, 36×64×3."""
    thumbnail = cv2.resize(pixels, THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)
    return np.asarray(thumbnail, np.float32)


def frame_difference(current: FloatArray, previous: FloatArray) -> float:
    """Return the mean difference between two thumbnails, relative to full scale."""
    return float(np.abs(current - previous).mean()) / 255


def find_cuts(differences: Sequence[float]) -> tuple[int, ...]:
    """Find the frames that begin a scene: those whose difference stands out locally.

    Args:
        differences: mean difference of each frame from the previous one, relative to full scale.
    """
    cuts = []
    for number, difference in enumerate(differences):
        surrounding = [
            *differences[max(1, number - CUT_WINDOW) : number],
            *differences[number + 1 : number + 1 + CUT_WINDOW],
        ]
        median = float(np.median(surrounding)) if surrounding else 0.0
        if difference > max(MIN_CUT_DIFFERENCE, CUT_RATIO * median):
            cuts.append(number)
    return tuple(cuts)


def split_into_segments(count: int, cuts: Sequence[int]) -> tuple[Segment, ...]:
    """Divide a film at its cuts, and long scenes into overlapping segments.

    Args:
        count: number of frames of the film.
        cuts: indices of the first frames of all scenes but the first.
    """
    segments: list[Segment] = []
    for first, last in zip((0, *cuts), (*cuts, count), strict=True):
        if last - first <= MAX_SEGMENT:
            segments.append(Segment(first, last))
            continue
        starts = list(range(first, last - OVERLAP, SEGMENT_INTERVAL))
        for index, start in enumerate(starts):
            end = starts[index + 1] + OVERLAP if index + 1 < len(starts) else last
            segments.append(Segment(start, min(end, last), OVERLAP if index else 0))
    return tuple(segments)

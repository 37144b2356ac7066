"""The parts of a film that can be dreamt apart: scenes, and stretches of long ones.

They depend on the film alone, so that any machine finds the same ones, and a single machine keeps
to them as well.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from puppyslug.video.reader import read_frames

LONG = 300  # frames of a scene that stays whole
STRETCH = 240  # frames of a stretch of a longer one
OVERLAP = 12  # frames in which a stretch gives way to the next
SMALL = (64, 36)  # pixels, the size at which frames are compared
CUT = 0.1  # of full scale: mean difference between frames, from which on it may be a cut
CUT_RATIO = 3.0  # by which it is above the differences around it
AROUND = 6  # frames


class Segment(NamedTuple):
    """Frames ``first`` … ``last`` - 1 of a film.

    Attributes:
        first: the first frame that is dreamt.
        last: the one after its last.
        overlap: how many of its first frames give way from the segment before.
    """

    first: int
    last: int
    overlap: int = 0


class Survey(NamedTuple):
    """What a first look at a film found.

    Attributes:
        times: of the frames that can be read, in seconds from the first.
        cuts: numbers of the frames that begin a scene, without the first.
        notices: what could not be read, a sentence each.
    """

    times: tuple[Fraction, ...]
    cuts: tuple[int, ...]
    notices: tuple[str, ...]


def survey(path: Path) -> Survey:
    """Look at a film as a whole: how many frames, when, and where scenes begin."""
    notices: list[str] = []
    times: list[Fraction] = []
    differences: list[float] = []
    before = None
    for frame in read_frames(path, notices):
        small = cv2.resize(frame.pixels, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
        differences.append(0.0 if before is None else float(np.abs(small - before).mean()) / 255)
        before = small
        times.append(frame.time)
    return Survey(tuple(times), find_cuts(differences), tuple(notices))


def find_cuts(differences: Sequence[float]) -> tuple[int, ...]:
    """Where a scene begins: a difference that stands out from those around it.

    Args:
        differences: of each frame from the one before, as a share of full scale.
    """
    cuts = []
    for number, difference in enumerate(differences):
        near = [
            *differences[max(1, number - AROUND) : number],
            *differences[number + 1 : number + 1 + AROUND],
        ]
        usual = float(np.median(near)) if near else 0.0
        if difference > max(CUT, CUT_RATIO * usual):
            cuts.append(number)
    return tuple(cuts)


def segments(count: int, cuts: Sequence[int]) -> tuple[Segment, ...]:
    """Divide a film.

    Args:
        count: how many frames it has.
        cuts: where scenes begin, without the first.
    """
    found: list[Segment] = []
    for first, last in zip((0, *cuts), (*cuts, count), strict=True):
        if last - first <= LONG:
            found.append(Segment(first, last))
            continue
        starts = list(range(first, last - OVERLAP, STRETCH))
        for index, start in enumerate(starts):
            end = starts[index + 1] + OVERLAP if index + 1 < len(starts) else last
            found.append(Segment(start, min(end, last), OVERLAP if index else 0))
    return tuple(found)

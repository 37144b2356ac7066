"""Faces and people: found by OpenCV's Haar cascades, outlined by GrabCut."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from puppyslug.recognition.segmentation import Pixels, Plane, Trimap, segment

if TYPE_CHECKING:
    import cv2

MIN_FACE = 1 / 16  # smallest side of a face, as a share of the picture's shorter side
MIN_FACE_PIXELS = 20
PERSON_CLOSING = 1 / 20  # of the longer side, up to which gaps in a person are closed
_SCALE_STEP, _MIN_NEIGHBOURS = 1.1, 5
_FRONTAL, _PROFILE = "haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml"
_MIN_PROFILE_WEIGHT = 2.0  # of a detection in profile; weaker ones are mostly wrong


class Face(NamedTuple):
    """A square around a face, in pixels."""

    left: int
    top: int
    side: int

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) of the centre."""
        return self.left + self.side / 2, self.top + self.side / 2


def find_faces(pixels: Pixels) -> list[Face]:
    """Find the faces in a picture (Viola and Jones, 2001).

    Faces in profile are only looked for if there are none from the front.

    Args:
        pixels: H×W×3 RGB.
    """
    import cv2

    grey = np.asarray(cv2.equalizeHist(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)), np.uint8)
    faces = _detect(grey, _FRONTAL, 0)
    if not faces:
        width = grey.shape[1]
        faces = _detect(grey, _PROFILE, _MIN_PROFILE_WEIGHT)
        mirrored = _detect(np.ascontiguousarray(grey[:, ::-1]), _PROFILE, _MIN_PROFILE_WEIGHT)
        faces += [Face(width - face.left - face.side, face.top, face.side) for face in mirrored]
    return faces


def face_mask(pixels: Pixels, faces: list[Face]) -> Plane:
    """Compute where faces are, from forehead to chin.

    Args:
        pixels: H×W×3 RGB.
        faces: as ``find_faces`` returns them, at least one.

    Returns:
        H×W, 0 or 1.
    """
    result = np.zeros(pixels.shape[:2], np.float32)
    for face in faces:
        trimap = Trimap.background(pixels)
        trimap.add_ellipse(face.centre, (0.62 * face.side, 0.8 * face.side), "likely")
        trimap.add_ellipse(face.centre, (0.42 * face.side, 0.56 * face.side), "certain")
        result = np.maximum(result, segment(pixels, trimap))
    return result


def person_mask(pixels: Pixels, faces: list[Face]) -> Plane:
    """Compute where people are: heads, and the bodies below them.

    Args:
        pixels: H×W×3 RGB.
        faces: as ``find_faces`` returns them, at least one.

    Returns:
        H×W, 0 or 1.
    """
    trimap = Trimap.background(pixels)
    for face in faces:
        (x, y), side = face.centre, face.side
        trimap.add_ellipse((x, y - 0.1 * side), (1.0 * side, 1.2 * side), "possible")
        trimap.add_rectangle((x - 2.1 * side, y + 0.6 * side), (x + 2.1 * side, y + 7 * side))
    for face in faces:
        (x, y), side = face.centre, face.side
        trimap.add_ellipse((x, y + 2.6 * side), (1.1 * side, 1.7 * side), "likely")
        trimap.add_ellipse((x, y), (0.45 * side, 0.6 * side), "certain")
        trimap.add_ellipse((x, y + 0.9 * side), (0.25 * side, 0.6 * side), "certain")  # neck
    return segment(pixels, trimap, closing=PERSON_CLOSING)


def _detect(grey: Pixels, name: str, min_weight: float) -> list[Face]:
    smallest = max(MIN_FACE_PIXELS, round(min(grey.shape) * MIN_FACE))
    boxes, _, weights = _cascade(name).detectMultiScale3(
        grey, _SCALE_STEP, _MIN_NEIGHBOURS, minSize=(smallest, smallest), outputRejectLevels=True
    )
    return [
        Face(int(left), int(top), int(side))
        for (left, top, side, _), weight in zip(boxes, weights, strict=True)
        if weight >= min_weight
    ]


@functools.cache
def _cascade(name: str) -> "cv2.CascadeClassifier":
    import cv2

    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / name))

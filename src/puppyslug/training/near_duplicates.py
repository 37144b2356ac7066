"""Near-duplicates among training images, found by perceptual hashes.

Near-duplicates are images that have been resaved, scaled, mirrored or slightly cropped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageOps
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from puppyslug.errors import TrainingError
from puppyslug.images import load_image, to_pil

MAX_DISTANCE = 12  # bits of 64 by which the hashes of near-duplicates may differ
HASHED_SIZE = 256  # longer side in pixels
_MAX_NOTICES = 3  # for each pair of classes


@dataclass(frozen=True)
class TrainingImage:
    """A readable image file.

    Attributes:
        path: the file.
        sha256: of the file.
        hashes: perceptual hashes of the image and of its mirror image, 64 booleans each.
    """

    path: Path
    sha256: str
    hashes: tuple[np.ndarray, np.ndarray]

    def is_near_duplicate(self, other: "TrainingImage") -> bool:
        """Return whether two images are near-duplicates."""
        other_hash = other.hashes[0]
        distance = min(int(np.count_nonzero(own != other_hash)) for own in self.hashes)
        return distance <= MAX_DISTANCE


def hash_image(path: Path) -> TrainingImage:
    """Read an image and compute its hashes.

    Raises:
        ImageError: the file cannot be read as an image.
    """
    photo = load_image(path, longest=HASHED_SIZE)
    picture = to_pil(photo.image)
    hashes = _perceptual_hash(picture), _perceptual_hash(ImageOps.mirror(picture))
    return TrainingImage(path, photo.sha256, hashes)


def group_near_duplicates(images: Sequence[TrainingImage]) -> np.ndarray:
    """Group near-duplicates, transitively.

    Returns:
        (N,) integers: the index of each image's group.
    """
    if not images:
        return np.zeros(0, dtype=int)
    hashes, mirrored = (
        np.stack([image.hashes[n] for image in images]).reshape(len(images), -1).astype(np.float32)
        for n in (0, 1)
    )
    near = np.zeros((len(images), len(images)), dtype=bool)
    for other in (hashes, mirrored):  # Hamming distances of all pairs, as matrix products
        near |= other @ (1 - hashes).T + (1 - other) @ hashes.T <= MAX_DISTANCE
    return np.asarray(connected_components(coo_array(near), directed=False)[1])


def check_duplicates(images: Mapping[str, Sequence[TrainingImage]]) -> list[str]:
    """Return notices about near-duplicates in different classes.

    Args:
        images: images of each class, by name.

    Raises:
        TrainingError: the same file is in two classes.
    """
    notices = []
    for first, second in combinations(images, 2):
        by_sha256 = {image.sha256: image for image in images[first]}
        for image in images[second]:
            if twin := by_sha256.get(image.sha256):
                raise TrainingError(
                    f"{twin.path} and {image.path} are the same image, which can belong to one "
                    "class only; remove one of them"
                )
        pairs = [(a, b) for a in images[first] for b in images[second] if a.is_near_duplicate(b)]
        notices += [
            f"{a.path} and {b.path} are near-duplicates in different classes"
            for a, b in pairs[:_MAX_NOTICES]
        ]
    return notices


def _perceptual_hash(picture: Image.Image) -> np.ndarray:
    return np.asarray(imagehash.phash(picture).hash).ravel()

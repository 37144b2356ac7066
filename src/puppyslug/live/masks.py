"""The mask of a live picture: what it names is looked for now and then, and followed between."""

import numpy as np
import torch
from torch import Tensor

from puppyslug.engine.masks import compute_mask
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.images import resize
from puppyslug.video.flow import compute_flow, warp
from puppyslug.video.frames import Pixels, as_array, as_tensor

INTERVAL = 0.5  # seconds between two frames in which it is looked for
MAX_SIDE = 192  # pixels, longest side of the picture in which it is looked for


class LiveMask:
    """The mask of the current frame."""

    def __init__(self) -> None:
        """Start without a mask."""
        self._mask: Tensor | None = None
        self._recipe_mask: object = None
        self._computed = float("-inf")

    def move(
        self, prepared: PreparedDream, pixels: Pixels, previous: Pixels | None, time: float
    ) -> Tensor | None:
        """Return the mask of a frame.

        Args:
            prepared: the dream, whose recipe names the mask, and whose picture is the frame.
            pixels: the frame, H×W×3.
            previous: the previous frame, of the same size; None after a cut.
            time: when it was captured, in seconds.

        Returns:
            1×1×H×W in [0, 1], or None for no mask.
        """
        named = prepared.recipe.mask
        if not isinstance(named, str):  # an image, which stays in its place
            return None if prepared.mask is None else resize(prepared.mask, prepared.size)
        is_new = self._mask is None or previous is None or named != self._recipe_mask
        if is_new or time - self._computed >= INTERVAL:
            self._mask, self._computed, self._recipe_mask = _find(prepared), time, named
        elif previous is not None and self._mask is not None:
            array = as_array(resize(self._mask, prepared.size))
            moved = warp(array, compute_flow(pixels, previous))
            self._mask = as_tensor(np.clip(np.atleast_3d(moved), 0, 1)).to(self._mask)
        return self._mask


def _find(prepared: PreparedDream) -> Tensor:
    """Look for what a mask names in a reduced frame; what is not there is not masked in."""
    height, width = prepared.size
    scale = min(1.0, MAX_SIDE / max(height, width))
    small = (max(1, round(height * scale)), max(1, round(width * scale)))
    image = resize(prepared.image, small)
    mask, _ = compute_mask(prepared.recipe, prepared.network, image, allow_empty=True)
    assert mask is not None
    with torch.no_grad():
        return resize(mask, prepared.size).clamp(0, 1)

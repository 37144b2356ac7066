"""Types of video frames, and conversions between bytes, arrays and tensors."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pixels = NDArray[np.uint8]  # H×W×3 RGB
Alpha = NDArray[np.uint8]  # H×W, 255 where opaque
FloatArray = NDArray[np.float32]
ResumeState = Mapping[str, NDArray[Any]]  # all that the next frame depends on; empty at the start


class TimedFrame(NamedTuple):
    """A frame of a video file.

    Attributes:
        time: seconds after the first frame.
        pixels: H×W×3 RGB, upright.
        duration: seconds for which it is shown; None if unknown.
        alpha: H×W, its opacity; None if its format has no transparency.
    """

    time: Fraction
    pixels: Pixels
    duration: Fraction | None = None
    alpha: Alpha | None = None


class RenderedFrame(NamedTuple):
    """A frame that has just been rendered.

    Attributes:
        pixels: H×W×3 RGB.
        state: the state from which rendering continues with the next frame.
    """

    pixels: Pixels
    state: ResumeState


def as_array(image: Tensor) -> FloatArray:
    """Convert a 1×C×H×W tensor to an H×W×C array."""
    array: FloatArray = image[0].permute(1, 2, 0).cpu().contiguous().numpy()
    return array


def as_tensor(array: FloatArray) -> Tensor:
    """Convert an H×W×C array to a 1×C×H×W tensor."""
    return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))[None]


def to_pixels(array: FloatArray) -> Pixels:
    """Convert an H×W×3 array in [0, 1] to bytes."""
    return np.asarray(array * 255 + 0.5, np.uint8)

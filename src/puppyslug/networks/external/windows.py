"""Images of all sizes for modules that accept one size only: windows of it, side by side."""

import torch
from torch import Tensor


def split_into_windows(x: Tensor, side: int) -> Tensor:
    """Cut images into the fewest windows that cover them, which overlap equally.

    The gradient of a pixel is divided by the number of windows that it is in, so that overlaps do
    not change more than other places.

    Args:
        x: N×C×H×W, sides of at least ``side``.
        side: of the windows, in pixels.

    Returns:
        (N·rows·columns)×C×side×side.
    """
    tops, lefts = (window_starts(length, side) for length in x.shape[-2:])
    coverage = x.new_zeros(x.shape[-2:])
    for top in tops:
        for left in lefts:
            coverage[top : top + side, left : left + side] += 1
    if x.requires_grad:
        x = x.detach() + (x - x.detach()) / coverage
    windows = [x[..., top : top + side, left : left + side] for top in tops for left in lefts]
    return torch.stack(windows, 1).flatten(0, 1)


def join_windows(maps: Tensor, rows: int, columns: int) -> Tensor:
    """Join the maps of windows: (N·rows·columns)×C×h×w → N×C×(rows·h)×(columns·w)."""
    channels, height, width = maps.shape[1:]
    grid = maps.reshape(-1, rows, columns, channels, height, width)
    return grid.permute(0, 3, 1, 4, 2, 5).reshape(-1, channels, rows * height, columns * width)


def window_starts(length: int, side: int) -> list[int]:
    """Return the first pixel of each window along an axis."""
    count = -(-length // side)
    return [round(n * (length - side) / max(1, count - 1)) for n in range(count)]

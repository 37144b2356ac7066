"""Depthwise convolution, and moments of channels, by the compiled library.

``depthwise`` and the natural statistics of ``spectrum`` use these where they can.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from puppyslug.networks.kernels.native_library import Depthwise, library_for, share_tasks

MIN_VALUES = 1 << 18  # read by a call; with fewer, starting threads would take longer than the work
LANES = 64  # channels that are summed at a time, as in native.c


_Work = Callable[[int, int, int], None]


class Geometry(NamedTuple):
    """A square kernel over an image, with zeros around it.

    Attributes:
        kernel: side of the kernel.
        stride: distance of its positions.
        top: rows of zeros above the image.
        left: columns of zeros to its left.
        height: of the output.
        width: of the output.
    """

    kernel: int
    stride: int
    top: int
    left: int
    height: int
    width: int


def convolve(images: Tensor, taps: Tensor, bias: Tensor, geometry: Geometry) -> Tensor:
    """Convolve each channel by itself.

    Args:
        images: N×H×W×C, contiguous, float32 or bfloat16, on the CPU.
        taps: kernel² × C float32.
        bias: C numbers, float32.
        geometry: of the kernel.

    Returns:
        N×height×width×C.
    """
    count, channels = images.shape[0], images.shape[3]
    result = images.new_empty(count, geometry.height, geometry.width, channels)
    library = library_for(images)
    assert library is not None

    def convolve_rows(n: int, first: int, rows: int) -> None:
        task = _describe(images.shape, geometry, first, rows, images.dtype)
        pointers = (images[n], taps, bias, result[n])
        library.depthwise_forward(task, *(tensor.data_ptr() for tensor in pointers))

    _run_on_rows(convolve_rows, count, geometry.height, result.numel() * len(taps))
    return result


def propagate_back(gradient: Tensor, taps: Tensor, geometry: Geometry, size: torch.Size) -> Tensor:
    """Propagate a gradient back through ``convolve``.

    Args:
        gradient: N×height×width×C, contiguous.
        taps: kernel² × C float32.
        geometry: of the kernel.
        size: N×H×W×C, of the images.
    """
    result = gradient.new_empty(size)
    library = library_for(gradient)
    assert library is not None

    def propagate_rows(n: int, first: int, rows: int) -> None:
        task = _describe(size, geometry, first, rows, gradient.dtype)
        pointers = (gradient[n], taps, result[n])
        library.depthwise_backward(task, *(tensor.data_ptr() for tensor in pointers))

    _run_on_rows(propagate_rows, size[0], size[1], gradient.numel() * len(taps))
    return result


def moments(images: Tensor, centre: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the mean square of x − centre in each channel, in float32.

    Args:
        images: N×P×C, contiguous, float32 or bfloat16, on the CPU; P positions.
        centre: C numbers, float32.

    Returns:
        Two N×C.
    """
    count, positions, channels = images.shape
    mean = images.new_empty(count, channels, dtype=torch.float32)
    square = torch.empty_like(mean)
    library = library_for(images)
    assert library is not None

    def sum_channels(n: int, first: int, number: int) -> None:
        library.moments(
            *(images[n].data_ptr(), centre.data_ptr(), positions, channels, first, number),
            *(mean[n].data_ptr(), square[n].data_ptr(), images.dtype == torch.bfloat16),
        )

    parts = torch.get_num_threads() if images.numel() >= MIN_VALUES else 1
    step = -(-channels // (parts * LANES)) * LANES
    tasks = [
        (n, c, min(step, channels - c)) for n in range(count) for c in range(0, channels, step)
    ]
    _run(sum_channels, tasks, images.numel())
    return mean, square


def _describe(
    size: torch.Size, geometry: Geometry, first: int, rows: int, dtype: torch.dtype
) -> Depthwise:
    _, height, width, channels = size
    return Depthwise(
        *(height, width, channels, geometry.height, geometry.width),
        *geometry[:4],
        *(first, rows, dtype == torch.bfloat16),
    )


def _run_on_rows(work: _Work, count: int, height: int, values: int) -> None:
    """Run a function on parts of every image: its number, the first row, and how many rows."""
    rows = height if values < MIN_VALUES else -(-height // (2 * torch.get_num_threads()))
    tasks = [(n, y, min(rows, height - y)) for n in range(count) for y in range(0, height, rows)]
    _run(work, tasks, values)


def _run(work: _Work, tasks: Sequence[tuple[int, int, int]], values: int) -> None:
    if values >= MIN_VALUES:
        share_tasks(work, tasks)
        return
    for task in tasks:
        work(*task)

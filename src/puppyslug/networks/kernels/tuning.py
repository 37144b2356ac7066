"""Measures from how many channels on Winograd's method is faster on this machine."""

import functools
import time
from collections.abc import Callable

import torch

from puppyslug.networks.kernels.convolution import Conv3x3

CHANNELS = (64, 128, 256, 512)  # measured sizes; others are treated as the next smaller one
_MULTIPLICATIONS = 0.3e9  # of one measurement
# Timings scatter, and two runs should decide the same. Winograd's method needs fewer operations, so
# it is rejected only where it is clearly slower.
_CLEARLY_SLOWER = 1.5


@functools.cache
def measure_winograd_min_channels() -> int:
    """Find the fewest channels for which Winograd's method is faster in bfloat16.

    It is measured in one thread: on a busy machine threads wait for each other, which would hide
    the difference between the methods.

    Returns:
        A number of channels, or 0 where the direct method is always faster.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        min_channels = 0
        for channels in reversed(CHANNELS):
            direct, by_winograd = _time_gradients(channels)
            if by_winograd > _CLEARLY_SLOWER * direct:
                break
            min_channels = channels
        return min_channels
    finally:
        torch.set_num_threads(threads)


def _time_gradients(channels: int) -> tuple[float, float]:
    """Return the seconds of one convolution's gradient, directly and by Winograd's method."""
    layers = []
    for winograd_min_channels in (0, 1):
        layer = Conv3x3(channels, channels).requires_grad_(False)
        layer.freeze(
            device=torch.device("cpu"),
            dtype=torch.bfloat16,
            winograd_min_channels=winograd_min_channels,
        )
        layers.append(layer)
    side = round((_MULTIPLICATIONS / (9 * channels**2)) ** 0.5 / 4) * 4
    x = torch.zeros(1, channels, side, side, dtype=torch.bfloat16)
    x = x.contiguous(memory_format=torch.channels_last)
    direct, by_winograd = _time_alternately(
        *(functools.partial(layer.convolve, x, backward=True) for layer in layers)
    )
    return direct, by_winograd


def _time_alternately(*functions: Callable[[], object], rounds: int = 8) -> list[float]:
    """Return the shortest time of each function; alternating spreads noise evenly."""
    shortest = [float("inf")] * len(functions)
    for number in range(rounds + 1):
        for index, function in enumerate(functions):
            start = time.perf_counter()
            function()
            if number:  # the first round only warms up
                shortest[index] = min(shortest[index], time.perf_counter() - start)
    return shortest

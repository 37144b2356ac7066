"""Whether Winograd's method is worth it on this machine, by measurement."""

import functools
import time
from collections.abc import Callable

import torch

from puppyslug.networks.kernels.convolution import Convolution

CHANNELS = (64, 128, 256, 512)  # shapes that are measured; others go with the next smaller
_WORK = 0.3e9  # multiplications of one measurement
# Measured times scatter, and two runs should choose alike: Winograd is given up only where it is
# clearly slower, and by arithmetic it should be faster.
_CLEARLY = 1.5


@functools.cache
def measure_winograd_from() -> int:
    """Find the fewest channels from which on Winograd's method pays in bfloat16.

    It is measured in one thread: where other programs keep the processor busy, threads wait for
    each other, which says nothing about the methods.

    Returns:
        A number of channels, or 0 where the direct method is faster throughout.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        worth = 0
        for channels in reversed(CHANNELS):
            direct, by_winograd = _seconds(channels)
            if by_winograd > _CLEARLY * direct:
                break
            worth = channels
        return worth
    finally:
        torch.set_num_threads(threads)


def _seconds(channels: int) -> tuple[float, float]:
    """The time of one gradient through a convolution, directly and by Winograd's method."""
    layers = []
    for winograd_from in (0, 1):
        layer = Convolution(channels, channels).requires_grad_(False)
        layer.freeze(device=torch.device("cpu"), dtype=torch.bfloat16, winograd_from=winograd_from)
        layers.append(layer)
    side = round((_WORK / (9 * channels**2)) ** 0.5 / 4) * 4
    x = torch.zeros(1, channels, side, side, dtype=torch.bfloat16)
    x = x.contiguous(memory_format=torch.channels_last)
    direct, by_winograd = _in_turn(
        *(functools.partial(layer.convolve, x, backward=True) for layer in layers)
    )
    return direct, by_winograd


def _in_turn(*actions: Callable[[], object], rounds: int = 8) -> list[float]:
    """The shortest time of each; they take turns, so that noise hits all alike."""
    shortest = [float("inf")] * len(actions)
    for turn in range(rounds + 1):
        for index, action in enumerate(actions):
            start = time.perf_counter()
            action()
            if turn:  # the first only warms up
                shortest[index] = min(shortest[index], time.perf_counter() - start)
    return shortest

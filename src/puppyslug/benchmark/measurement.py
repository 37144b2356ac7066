"""This machine's roof, the speed of its convolutions, and each network's share of it."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from torch.nn.functional import conv2d
from torch.utils.flop_counter import FlopCounterMode

from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.images import clouds
from puppyslug.networks import list_networks
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import DTYPES
from puppyslug.networks.weights.cache import is_here
from puppyslug.objectives import parse_objective

SIZES = ((180, 320), (360, 640))
ROOF_SHAPE = (256, 90, 160)  # channels, height and width of the convolution that sets the roof


@dataclass(frozen=True)
class Measurement:
    """One network at one size and precision.

    Attributes:
        network: its name.
        layer: whose gradient is computed.
        size: (height, width) of the picture.
        precision: what is computed in.
        seconds: of one gradient, the shortest of several.
        gflops: billions of floating-point operations a second, counted for direct convolutions;
            Winograd's method does the same work with fewer, so it can pass the roof.
        share: ``gflops`` divided by the roof in this precision.
        peak_memory: bytes resident at most in a process of its own, with torch and the weights.
    """

    network: str
    layer: str
    size: tuple[int, int]
    precision: str
    seconds: float
    gflops: float
    share: float
    peak_memory: int


def shortest_time(action: Callable[[], object], *, rounds: int = 5) -> float:
    """Seconds that an action takes at best, after one round to warm up."""
    action()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def convolution_roof(precision: str) -> float:
    """GFLOP/s of a single 3×3 convolution, channels_last: the most that a network can reach."""
    channels, height, width = ROOF_SHAPE
    weight = torch.rand(channels, channels, 3, 3).to(DTYPES[precision])
    x = torch.rand(1, channels, height, width).to(DTYPES[precision])
    weight, x = (t.contiguous(memory_format=torch.channels_last) for t in (weight, x))
    with torch.no_grad():
        seconds = median(shortest_time(lambda: conv2d(x, weight, padding=1)) for _ in range(3))
    return 2 * 9 * channels**2 * height * width / seconds / 1e9


def operations(network: str, layer: str, size: tuple[int, int]) -> float:
    """Floating-point operations of one gradient by direct convolutions."""
    loaded = load_network(network, precision="float32", device="cpu")
    counter = FlopCounterMode(display=False)
    with counter:
        value_and_gradient(loaded, parse_objective(layer), torch.rand(1, 3, *size))
    return float(counter.get_total_flops())


def run_benchmark(roofs: Mapping[str, float]) -> Iterator[Measurement]:
    """Measure every network at two sizes in float32, and in what ``auto`` means here.

    Args:
        roofs: GFLOP/s of a single convolution, by precision.

    Yields:
        Measurements as they are done.
    """
    for spec in filter(is_here, list_networks()):
        layer = spec.default_layer
        automatic = load_network(spec.name, device="cpu").precision
        for size in SIZES:
            flops = operations(spec.name, layer, size)
            for precision in sorted({"float32", automatic}, reverse=True):
                seconds, memory = _in_own_process(spec.name, layer, size, precision)
                gflops = flops / seconds / 1e9
                yield Measurement(
                    spec.name,
                    layer,
                    size,
                    precision,
                    seconds,
                    gflops,
                    gflops / roofs[precision],
                    memory,
                )


def _in_own_process(
    network: str, layer: str, size: tuple[int, int], precision: str
) -> tuple[float, int]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (network, layer, size, precision, torch.get_num_threads()))


def _measure(
    network: str, layer: str, size: tuple[int, int], precision: str, threads: int
) -> tuple[float, int]:
    """Seconds of a gradient and the peak memory of this process, in bytes."""
    torch.set_num_threads(threads)
    loaded = load_network(network, precision=precision, device="cpu")
    image, objective = clouds(size), parse_objective(layer)
    seconds = shortest_time(lambda: value_and_gradient(loaded, objective, image))
    return seconds, _peak_memory()


def _peak_memory() -> int:
    """The most bytes that this process had resident."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux; there getrusage counts the parent's memory before exec, too
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

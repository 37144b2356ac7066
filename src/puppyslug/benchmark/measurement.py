"""Speed of this machine's convolutions, and of every network in relation to it."""

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
from puppyslug.images import generate_clouds
from puppyslug.images.sizes import Size
from puppyslug.networks import list_networks
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import DTYPES
from puppyslug.networks.weights.location import is_available
from puppyslug.objectives import parse_objective

SIZES = ((180, 320), (360, 640))  # (height, width)
PEAK_SHAPE = (256, 90, 160)  # channels, height and width of the convolution that sets the peak
ROUNDS = 5


@dataclass(frozen=True)
class Measurement:
    """The speed of one network at one size and precision.

    Attributes:
        network: name of the network.
        layer: the layer of the objective.
        size: (height, width) of the image.
        precision: name of the floating-point type.
        seconds: duration of one gradient, the shortest of several.
        gflops: 10⁹ floating-point operations per second, counted for direct convolutions.
            Winograd's method needs fewer, so it can exceed the peak.
        share: ``gflops`` as a fraction of the peak in this precision.
        peak_memory: largest resident set of a process of its own, with torch and the weights, in
            bytes; on CUDA the largest memory allocated on the GPU.
    """

    network: str
    layer: str
    size: tuple[int, int]
    precision: str
    seconds: float
    gflops: float
    share: float
    peak_memory: int


def best_time(action: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """Run a function once to warm up, then several times; return the shortest time in seconds."""
    action()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def convolution_gflops(precision: str, device: str = "cpu") -> float:
    """Measure a single 3×3 convolution in channels_last layout, as the peak of this machine.

    Returns:
        10⁹ floating-point operations per second.
    """
    channels, height, width = PEAK_SHAPE
    weight = torch.rand(channels, channels, 3, 3).to(device, DTYPES[precision])
    x = torch.rand(1, channels, height, width).to(device, DTYPES[precision])
    weight, x = (t.contiguous(memory_format=torch.channels_last) for t in (weight, x))

    def convolve() -> None:
        conv2d(x, weight, padding=1)
        _synchronise(device)

    with torch.no_grad():
        seconds = median(best_time(convolve) for _ in range(3))
    return 2 * 9 * channels**2 * height * width / seconds / 1e9


def count_flops(network: str, layer: str, size: Size) -> float:
    """Count the floating-point operations of one gradient with direct convolutions."""
    loaded = load_network(network, precision="float32", device="cpu", winograd=0)
    counter = FlopCounterMode(display=False)
    with counter:
        value_and_gradient(loaded, parse_objective(layer), torch.rand(1, 3, *size))
    return float(counter.get_total_flops())


def run_benchmark(peaks: Mapping[str, float], device: str = "cpu") -> Iterator[Measurement]:
    """Measure every available network at two sizes, in float32 and in the default precision.

    Args:
        peaks: result of ``convolution_gflops`` for each precision.
        device: resolved device.

    Yields:
        Each measurement when it is done.
    """
    for spec in filter(is_available, list_networks()):
        layer = spec.default_layer
        default = load_network(spec.name, device=device).precision
        for size in SIZES:
            flops = count_flops(spec.name, layer, size)
            for precision in sorted({"float32", default}, reverse=True):
                seconds, memory = _measure_in_subprocess(
                    (spec.name, layer, size, precision, device)
                )
                gflops = flops / seconds / 1e9
                yield Measurement(
                    network=spec.name,
                    layer=layer,
                    size=size,
                    precision=precision,
                    seconds=seconds,
                    gflops=gflops,
                    share=gflops / peaks[precision],
                    peak_memory=memory,
                )


def _measure_in_subprocess(arguments: tuple[str, str, Size, str, str]) -> tuple[float, int]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (*arguments, torch.get_num_threads()))


def _measure(
    network: str, layer: str, size: Size, precision: str, device: str, threads: int
) -> tuple[float, int]:
    """Return the duration of a gradient in seconds, and this process's peak memory in bytes."""
    torch.set_num_threads(threads)
    loaded = load_network(network, precision=precision, device=device)
    image, objective = generate_clouds(size).to(device), parse_objective(layer)

    def compute_gradient() -> None:
        value_and_gradient(loaded, objective, image)
        _synchronise(device)

    seconds = best_time(compute_gradient)
    return seconds, torch.cuda.max_memory_allocated() if device == "cuda" else _peak_memory()


def _synchronise(device: str) -> None:
    """Wait until a GPU has finished."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def _peak_memory() -> int:
    """Return the largest resident set of this process in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux, where getrusage includes the parent's memory before exec
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

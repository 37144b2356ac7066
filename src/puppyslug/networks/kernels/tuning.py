"""Chooses the method of 3×3 convolutions: measured once on a machine, then read from a file."""

import functools
import hashlib
import json
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import torch

from puppyslug.errors import OutputError
from puppyslug.files.atomic import write_atomically
from puppyslug.files.folders import cache_folder
from puppyslug.networks.kernels.convolution import Conv3x3
from puppyslug.networks.kernels.method import DIRECT, ConvolutionMethod

CHANNELS = (64, 128, 256, 512)  # measured sizes; others are treated as the next smaller one
TUNING_FOLDER = "tuning"  # in the cache folder
_MULTIPLICATIONS = 0.3e9  # of one measurement


@functools.cache
def choose_convolution(precision: str, kernels: str) -> ConvolutionMethod:
    """Return the method that is fastest on this machine.

    It is measured once for each processor, version of torch and version of puppyslug, and kept in
    the cache folder, so that every process chooses the same. If that folder is not writable, it is
    measured once per process.

    Args:
        precision: name of the floating-point type.
        kernels: what computes the transforms of Winograd's method.
    """
    conditions = _conditions(precision, kernels)
    digest = hashlib.sha256(json.dumps(conditions).encode()).hexdigest()[:16]
    path = cache_folder() / TUNING_FOLDER / f"{digest}.json"
    stored = _read(path)
    if stored is None:
        stored = _measure_min_channels(getattr(torch, precision), kernels)
        content = json.dumps({**conditions, "winograd_min_channels": stored}, indent=2)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content.encode(), overwrite=False)
        except (OSError, OutputError):  # not writable, or another process was faster
            stored = _read(path) or stored
    return ConvolutionMethod(stored, kernels)


def _conditions(precision: str, kernels: str) -> dict[str, str]:
    """Return everything on which the fastest method depends."""
    return {
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "puppyslug": version("puppyslug"),
        "precision": precision,
        "kernels": kernels,
    }


def _processor() -> str:
    """Return the name of the processor's model."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _read(path: Path) -> int | None:
    """Read a stored choice; None if there is no valid one."""
    try:
        stored = json.loads(path.read_text())["winograd_min_channels"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return stored if stored in (0, *CHANNELS) else None


def _measure_min_channels(dtype: torch.dtype, kernels: str) -> int:
    """Find the fewest channels from which Winograd's method is used; 0 if it never is.

    It is the number with the shortest sum of all measured times, so that no single measurement
    decides. Measured is the processor time of a single thread, which other programs hardly
    influence.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = {channels: _time_gradients(channels, dtype, kernels) for channels in CHANNELS}
    finally:
        torch.set_num_threads(threads)
    return fastest_min_channels(times)


def fastest_min_channels(times: Mapping[int, tuple[float, float]]) -> int:
    """Return the fewest channels for Winograd's method with the shortest total time.

    Args:
        times: of a convolution with each number of channels: directly and by Winograd's method.

    Returns:
        One of the numbers of channels, or 0 for direct convolutions only.
    """
    totals = {0: sum(direct for direct, _ in times.values())}
    for start in times:
        totals[start] = sum(pair[channels >= start] for channels, pair in times.items())
    return min(totals, key=totals.__getitem__)


def _time_gradients(channels: int, dtype: torch.dtype, kernels: str) -> tuple[float, float]:
    """Return the seconds of one convolution's gradient, directly and by Winograd's method."""
    layers = []
    for method in (DIRECT, ConvolutionMethod(1, kernels)):
        layer = Conv3x3(channels, channels).requires_grad_(False)
        layer.freeze(device=torch.device("cpu"), dtype=dtype, method=method)
        layers.append(layer)
    side = round((_MULTIPLICATIONS / (9 * channels**2)) ** 0.5 / 4) * 4
    x = torch.zeros(1, channels, side, side, dtype=dtype)
    x = x.contiguous(memory_format=torch.channels_last)
    direct, by_winograd = _time_alternately(
        *(functools.partial(layer.propagate_back, x, None) for layer in layers)
    )
    return direct, by_winograd


def _time_alternately(*functions: Callable[[], object], rounds: int = 8) -> list[float]:
    """Return the shortest time of each function; alternating spreads noise evenly."""
    shortest = [float("inf")] * len(functions)
    for number in range(rounds + 1):
        for index, function in enumerate(functions):
            start = time.thread_time()
            function()
            if number:  # the first round only warms up
                shortest[index] = min(shortest[index], time.thread_time() - start)
    return shortest

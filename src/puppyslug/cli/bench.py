"""``puppyslug bench``: how fast dreams are on this machine."""

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli.messages import print_message
from puppyslug.cli.tables import print_table
from puppyslug.recipe.defaults import BENCHMARK_DEVICE

if TYPE_CHECKING:
    from puppyslug.networks.kernels import ConvolutionMethod

AsJson = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]


Device = Annotated[
    str, typer.Option("--device", metavar="NAME", help="device to measure (auto, cpu, cuda, mps)")
]


def bench(as_json: AsJson = False, device: Device = BENCHMARK_DEVICE) -> int:
    """Measure how fast dreams are on this machine.

    First the peak speed of a single convolution, then the time of one step of every network at two
    sizes, in float32 and in the default precision. It also shows how 3×3 convolutions are computed
    on this machine, as measured when a network was first loaded.
    """
    from puppyslug.benchmark.measurement import convolution_gflops, run_benchmark
    from puppyslug.networks.runtime import PRECISIONS, resolve_convolution, resolve_device

    device = resolve_device(device)
    peaks = {precision: convolution_gflops(precision, device) for precision in PRECISIONS[1:]}
    methods = {
        precision: resolve_convolution("auto", "auto", precision=precision, device=device)
        for precision in peaks
    }
    measurements = []
    for measurement in run_benchmark(peaks, device):
        measurements.append(measurement)
        if sys.stderr.isatty():
            print_message(
                f"{measurement.network} {measurement.precision}: {measurement.seconds:.3f} s"
            )
    if as_json:
        rows = [dataclasses.asdict(measurement) for measurement in measurements]
        convolutions = {precision: method._asdict() for precision, method in methods.items()}
        result = {
            "device": device,
            "roof_gflops": peaks,
            "convolutions": convolutions,
            "steps": rows,
        }
        print(json.dumps(result, indent=2))
        return 0
    speeds = ", ".join(f"{precision} {speed:.0f}" for precision, speed in peaks.items())
    print(f"peak speed of a convolution, GFLOP/s: {speeds}")
    chosen = (f"{precision} {_describe(method)}" for precision, method in methods.items())
    print(f"3×3 convolutions: {'; '.join(chosen)}")
    print_table(
        ("network", "layer", "size", "precision", "s/step", "GFLOP/s", "of peak", "memory"),
        [
            (
                m.network,
                m.layer,
                f"{m.size[1]}x{m.size[0]}",
                m.precision,
                f"{m.seconds:.3f}",
                f"{m.gflops:.0f}",
                f"{m.share:.0%}",
                f"{m.peak_memory / 1e6:.0f} MB",
            )
            for m in measurements
        ],
    )
    return 0


def _describe(method: "ConvolutionMethod") -> str:
    if not method.winograd_min_channels:
        return "direct"
    return f"Winograd from {method.winograd_min_channels} channels ({method.kernels} kernels)"

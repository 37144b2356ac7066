"""``puppyslug bench``: how fast dreams are on this machine."""

import dataclasses
import json
import sys
from typing import Annotated

import typer

from puppyslug.cli.messages import print_message
from puppyslug.cli.tables import print_table

AsJson = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]


def bench(as_json: AsJson = False) -> int:
    """Measure how fast dreams are on this machine.

    First the peak speed of a single convolution, then the time of one step of every network at two
    sizes, in float32 and in the default precision.
    """
    from puppyslug.benchmark.measurement import convolution_gflops, run_benchmark
    from puppyslug.networks.runtime import PRECISIONS

    peaks = {precision: convolution_gflops(precision) for precision in PRECISIONS[1:]}
    measurements = []
    for measurement in run_benchmark(peaks):
        measurements.append(measurement)
        if sys.stderr.isatty():
            print_message(
                f"{measurement.network} {measurement.precision}: {measurement.seconds:.3f} s"
            )
    if as_json:
        rows = [dataclasses.asdict(measurement) for measurement in measurements]
        print(json.dumps({"roof_gflops": peaks, "steps": rows}, indent=2))
        return 0
    speeds = ", ".join(f"{precision} {speed:.0f}" for precision, speed in peaks.items())
    print(f"peak speed of a convolution, GFLOP/s: {speeds}")
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

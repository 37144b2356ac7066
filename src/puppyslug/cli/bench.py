"""``puppyslug bench``: how fast this machine dreams."""

import dataclasses
import json
import sys
from typing import Annotated

import typer

from puppyslug.cli.output import say
from puppyslug.cli.tables import print_table

AsJson = Annotated[bool, typer.Option("--json", help="print JSON, for other programs")]


def bench(as_json: AsJson = False) -> int:
    """Measure how fast this machine dreams.

    First the roof, the speed of a single convolution here and now; then one step of every network
    at two sizes, in float32 and in the precision that is used by default.
    """
    from puppyslug.benchmark.measurement import convolution_roof, run_benchmark
    from puppyslug.networks.runtime import PRECISIONS

    roofs = {precision: convolution_roof(precision) for precision in PRECISIONS[1:]}
    measurements = []
    for measurement in run_benchmark(roofs):
        measurements.append(measurement)
        if sys.stderr.isatty():
            say(f"{measurement.network} {measurement.precision}: {measurement.seconds:.3f} s")
    if as_json:
        rows = [dataclasses.asdict(measurement) for measurement in measurements]
        print(json.dumps({"roof_gflops": roofs, "steps": rows}, indent=2))
        return 0
    print("roof, GFLOP/s: " + ", ".join(f"{name} {roof:.0f}" for name, roof in roofs.items()))
    print_table(
        ("network", "layer", "size", "precision", "s/step", "GFLOP/s", "of roof", "peak"),
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

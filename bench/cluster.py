"""Measures the speed-up by a second worker on a Ray cluster, and compares tiles with one process.

    OMP_NUM_THREADS=1 ray start --head --num-cpus=2
    python bench/cluster.py [--film] [--atlas] [--tiles] [--edge 4096] [--cluster auto]

All workers have one thread. For a film of eight scenes and for an atlas, it compares the rate of
two workers with twice that of one, each after the first item. For one large picture, it prints the
largest difference of a step's gradient, relative to its mean.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np
import skimage.data
import torch
from PIL import Image

from puppyslug.cluster import Cluster, connect
from puppyslug.cluster.atlas import create_atlas_pool, distribute_batches
from puppyslug.cluster.film import dream_film_segments
from puppyslug.cluster.tiles import create_tile_executor, create_tile_pool
from puppyslug.cluster.worker_pool import create_pool
from puppyslug.engine.loop import dream_steps
from puppyslug.engine.preparation import prepare
from puppyslug.gradient.executor import execute_locally
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.recipe import InputFiles, Recipe
from puppyslug.video.assembly import save_frames, segment_name
from puppyslug.video.checkpoint import FrameCheckpoint
from puppyslug.video.frames import TimedFrame
from puppyslug.video.reader import read_frames
from puppyslug.video.segments import analyse_video, split_into_segments
from puppyslug.video.writer import write_video
from puppyslug.visualization.atlas.plan import plan_atlas

SCENES, FRAMES, SIZE = 8, 8, (136, 240)


def report(text: str) -> None:
    """Print immediately."""
    print(text, flush=True)


def write_scenes(path: Path) -> None:
    """Write a film with cuts: a drifting photo, and in every other scene its negative."""
    photo = cv2.resize(skimage.data.coffee(), (480, 320), interpolation=cv2.INTER_AREA)
    pictures = []
    for scene in range(SCENES):
        for number in range(FRAMES):
            top, left = 10 * scene + number, 12 * scene + 2 * number
            window = photo[top : top + SIZE[0], left : left + SIZE[1]]
            pictures.append(255 - window if scene % 2 else window)
    frames = (TimedFrame(Fraction(n, 25), np.ascontiguousarray(p)) for n, p in enumerate(pictures))
    write_video(path, frames, fps=Fraction(25))


def measure_rate(items: Iterator[object], count: int) -> float:
    """Return the items per second, from the first one on."""
    next(items)
    start = time.perf_counter()
    done = sum(1 for _ in items)
    assert done == count - 1, done
    return done / (time.perf_counter() - start)


def measure_film(cluster: Cluster, folder: Path) -> None:
    """Compare the rates of one and two workers for a film."""
    source = folder / "in.mp4"
    write_scenes(source)
    analysis = analyse_video(source)
    segments = split_into_segments(len(analysis.times), analysis.cuts)
    parts = {segment_name(index): segment for index, segment in enumerate(segments)}
    settings = {"objective": "relu3_1", "octaves": 2, "iterations": 6, "size": "full"}
    prepared = prepare(
        Recipe.complete(settings), Image.fromarray(next(iter(read_frames(source))).pixels)
    )
    rates = {}
    for workers in (1, 2, 1, 2):
        checkpoint = FrameCheckpoint(folder / f"{len(list(folder.iterdir()))}.mp4", {})
        with create_pool(
            cluster, prepared, InputFiles(), on_message=report, max_workers=workers
        ) as pool:
            frames = dream_film_segments(pool, prepared, source, parts, checkpoint.load_state)
            times: list[float] = []
            save_frames(checkpoint, frames, lambda _: times.append(time.perf_counter()))  # noqa: B023
        rate = (len(times) - 1) / (times[-1] - times[0])
        report(f"  {workers}: {rate:.3f}")
        rates[workers] = max(rates.get(workers, 0.0), rate)
    report_rates(f"film of {len(parts)} segments, frames", rates)


def measure_atlas(cluster: Cluster) -> None:
    """Compare the rates of one and two workers for an atlas."""
    network = load_network("vgg19", winograd="steady")
    job = plan_atlas(network, "relu1_2", size=80, steps=20)
    rates: dict[int, float] = {}
    for workers in (1, 2, 1, 2):
        with create_atlas_pool(cluster, network, InputFiles(), job, report) as pool:
            pool.max_workers = workers
            drawn = distribute_batches(pool, job)(job.batches)
            rate = measure_rate(iter(drawn), job.steps * len(job.batches)) * job.batch / job.steps
        rates[workers] = max(rates.get(workers, 0.0), rate)
    report_rates(f"atlas of {len(job.batches)} batches, portraits", rates)


def report_rates(what: str, rates: dict[int, float]) -> None:
    """Print the rates of one and two workers."""
    share = rates[2] / (2 * rates[1])
    report(
        f"{what} per second: {rates[1]:.3f} with one worker, {rates[2]:.3f} with two: "
        f"{share:.2f} of twice the rate"
    )


def measure_tiles(cluster: Cluster, edge: int) -> None:
    """Compare a large picture in tiles on workers with the same tiles in this process."""
    settings = {"objective": "relu2_2", "octaves": 1, "iterations": 2, "size": f"{edge}x{edge}"}
    recipe = Recipe.complete(settings)
    prepared = prepare(recipe, "clouds")
    pool, prepared = create_tile_pool(cluster, prepared, recipe, InputFiles(), report)
    execute_on_workers = create_tile_executor(pool)
    seconds = {"remote": 0.0, "local": 0.0}

    def execute_both(
        network: Network, function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]
    ) -> Iterator[Any]:
        calls = list(arguments)
        start = time.perf_counter()
        remote = list(execute_on_workers(network, function, calls))
        seconds["remote"] += time.perf_counter() - start
        start = time.perf_counter()
        local = list(execute_locally(network, function, calls))
        seconds["local"] += time.perf_counter() - start
        gradients = [(theirs[1], ours[1]) for theirs, ours in zip(remote, local, strict=True)]
        difference = max(float((theirs - ours).abs().max()) for theirs, ours in gradients)
        mean = sum(float(ours.abs().mean()) for _, ours in gradients) / len(gradients)
        report(f"  largest difference {difference / mean:.1e} of the mean")
        yield from remote

    report(prepared.plan)
    with pool:
        for _ in dream_steps(replace(prepared, executor=execute_both)):
            pass
    report(
        f"one thread without a cluster {seconds['local']:.0f} s, {pool.max_workers} workers "
        f"{seconds['remote']:.0f} s"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    for name in ("film", "atlas", "tiles"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--edge", type=int, default=4096)
    parser.add_argument("--cluster", default="auto")
    options = parser.parse_args()
    all_parts = not (options.film or options.atlas or options.tiles)
    torch.set_num_threads(1)
    with connect(options.cluster) as cluster, tempfile.TemporaryDirectory() as folder:
        assert cluster is not None
        if options.film or all_parts:
            measure_film(cluster, Path(folder))
        if options.atlas or all_parts:
            measure_atlas(cluster)
        if options.tiles or all_parts:
            measure_tiles(cluster, options.edge)


if __name__ == "__main__":
    main()

"""What a second worker of a cluster brings, and whether tiles on workers equal tiles here.

    OMP_NUM_THREADS=1 ray start --head --num-cpus=2
    python bench/cluster.py [--film] [--atlas] [--tiles] [--edge 4096] [--cluster auto]

On a Ray cluster, with workers of one thread each: the rate of two workers against
twice that of one, for a film of eight scenes and for an atlas, each after a first item has come;
and for one giant picture the largest difference of a step's gradient, against its mean.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np
import skimage.data
import torch
from PIL import Image

from puppyslug.cluster import Cluster, connected
from puppyslug.cluster.atlas import crew_for_atlas, drawing
from puppyslug.cluster.dreams import crew_for_tiles, spread_over
from puppyslug.cluster.film import film_frames
from puppyslug.cluster.payload import crew_for
from puppyslug.engine.loop import dream_steps
from puppyslug.engine.preparation import prepare
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks.loader import load_network
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import Files
from puppyslug.video.assembly import keep_all, part_name
from puppyslug.video.checkpoint import Journal
from puppyslug.video.reader import Frame, read_frames
from puppyslug.video.segments import segments, survey
from puppyslug.video.writer import write_film
from puppyslug.visualization.atlas.builder import plan

SCENES, FRAMES, SIZE = 8, 8, (136, 240)


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def scenes(path: Path) -> None:
    """Write a film of scenes that a photo drifts through, every other one as its negative."""
    photo = cv2.resize(skimage.data.coffee(), (480, 320), interpolation=cv2.INTER_AREA)
    pictures = []
    for scene in range(SCENES):
        for number in range(FRAMES):
            top, left = 10 * scene + number, 12 * scene + 2 * number
            one = photo[top : top + SIZE[0], left : left + SIZE[1]]
            pictures.append(255 - one if scene % 2 else one)
    frames = (Frame(Fraction(n, 25), np.ascontiguousarray(p)) for n, p in enumerate(pictures))
    write_film(path, frames, fps=Fraction(25))


def rate(items: Iterator[object], count: int) -> float:
    """Items a second, from the first one on."""
    next(items)
    start = time.perf_counter()
    done = sum(1 for _ in items)
    assert done == count - 1, done
    return done / (time.perf_counter() - start)


def film(cluster: Cluster, folder: Path) -> None:
    """See the module."""
    source = folder / "in.mp4"
    scenes(source)
    found = survey(source)
    parts = {
        part_name(number): one for number, one in enumerate(segments(len(found.times), found.cuts))
    }
    settings = {"objective": "relu3_1", "octaves": 2, "iterations": 6, "size": "full"}
    prepared = prepare(
        Recipe.complete(settings), Image.fromarray(next(iter(read_frames(source))).pixels)
    )
    rates = {}
    for most in (1, 2, 1, 2):
        journal = Journal(folder / f"{len(list(folder.iterdir()))}.mp4", {})
        with crew_for(cluster, prepared, Files(), tell=say, most=most) as crew:
            made = film_frames(crew, prepared, source, parts, journal.state, by_flow=True)
            clock: list[float] = []
            keep_all(journal, made, lambda _: clock.append(time.perf_counter()))  # noqa: B023
        say(f"  {most}: {(len(clock) - 1) / (clock[-1] - clock[0]):.3f}")
        rates[most] = max(rates.get(most, 0.0), (len(clock) - 1) / (clock[-1] - clock[0]))
    compare(f"film of {len(parts)} segments, frames", rates)


def atlas(cluster: Cluster) -> None:
    """See the module."""
    network = load_network("vgg19", winograd="steady")
    job = plan(network, "relu1_2", size=80, steps=20)
    rates: dict[int, float] = {}
    for most in (1, 2, 1, 2):
        with crew_for_atlas(cluster, network, Files(), job, say) as crew:
            crew.most = most
            drawn = drawing(crew, job)(job.batches)
            found = rate(iter(drawn), job.steps * len(job.batches)) * job.batch / job.steps
        rates[most] = max(rates.get(most, 0.0), found)
    compare(f"atlas of {len(job.batches)} batches, portraits", rates)


def compare(what: str, rates: dict[int, float]) -> None:
    """Print the rates of one and of two workers."""
    share = rates[2] / (2 * rates[1])
    say(f"{what} a second: one worker {rates[1]:.3f}, two {rates[2]:.3f}, {share:.2f} of twice")


def giant(cluster: Cluster, edge: int) -> None:
    """See the module."""
    settings = {"objective": "relu2_2", "octaves": 1, "iterations": 2, "size": f"{edge}x{edge}"}
    recipe = Recipe.complete(settings)
    prepared = prepare(recipe, "clouds")
    crew, prepared = crew_for_tiles(cluster, prepared, recipe, Files(), say)
    seconds = [0.0, 0.0]

    def both(network, objective, image, tile=None):  # type: ignore[no-untyped-def]
        start = time.perf_counter()
        scores, there = value_and_gradient(
            network, objective, image, tile, spread=spread_over(crew)
        )
        seconds[1] += time.perf_counter() - start
        start = time.perf_counter()
        _, here = value_and_gradient(network, objective, image, tile)
        seconds[0] += time.perf_counter() - start
        share = float((there - here).abs().max() / here.abs().mean())
        say(f"  largest difference {share:.1e} of the mean, in tiles of {prepared.recipe.tile}")
        return scores, there

    say(prepared.plan)
    with crew:
        for _ in dream_steps(prepared.image, prepared.recipe, prepared.network, gradient=both):
            pass
    say(f"one thread here {seconds[0]:.0f} s, {crew.most} workers of one thread {seconds[1]:.0f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    for name in ("film", "atlas", "tiles"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--edge", type=int, default=4096)
    parser.add_argument("--cluster", default="auto")
    chosen = parser.parse_args()
    every = not (chosen.film or chosen.atlas or chosen.tiles)
    torch.set_num_threads(1)
    with connected(chosen.cluster) as cluster, tempfile.TemporaryDirectory() as folder:
        assert cluster is not None
        if chosen.film or every:
            film(cluster, Path(folder))
        if chosen.atlas or every:
            atlas(cluster)
        if chosen.tiles or every:
            giant(cluster, chosen.edge)


if __name__ == "__main__":
    main()

"""Measures the quality of the included atlases' portraits, or the speed of portraits.

    python bench/portraits.py [--rate]

Of 100 random channels of each atlas, it counts those that their own portrait activates more than
the portraits of 50 other random channels do. Of classes, it counts the portraits that
EfficientNet-Lite2, if it is installed, classifies correctly. With ``--rate``, it compares portraits
drawn in a batch with the same portraits drawn one by one, and in a process each.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from puppyslug.networks import find_spec
from puppyslug.networks.loader import load_network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.networks.weights.location import is_available
from puppyslug.recognition.classification import compute_logits
from puppyslug.visualization.atlas import Atlas, list_atlases
from puppyslug.visualization.atlas.builder import load_portraits
from puppyslug.visualization.atlas.plan import BATCH_SIZE, plan_atlas, portrait_objective
from puppyslug.visualization.atlas.renderer import render_batch
from puppyslug.visualization.atlas.similarity import mean_activations

JUDGE = "efficientnet_lite2"
CHANNELS, OTHERS, CLASSES = 100, 50, 50
TIMED_LAYERS = (("vgg19", "relu4_4"), ("efficientnet_lite0", CLASS_MAP))
TIMED_SIZE = 112  # pixels


def describe_selectivity(atlas: Atlas, generator: random.Random) -> str:
    """Count the channels that their own portrait activates more than others do."""
    portraits = load_portraits(atlas)
    network = load_network(atlas.index.network, winograd="steady")
    activations = mean_activations(network, atlas.index.layer, portraits)
    chosen = generator.sample(range(len(portraits)), min(CHANNELS, len(portraits)))
    selective = 0
    for number in chosen:
        others = [n for n in range(len(portraits)) if n != number]
        sample = generator.sample(others, min(OTHERS, len(others)))
        selective += bool((activations[number, number] > activations[sample, number]).all())
    first = sum(entry.rank == 0 for entry in atlas.index.entries)
    return (
        f"{selective} of {len(chosen)} channels are activated more by their own portrait than by "
        f"those of {OTHERS} others ({first} of {len(portraits)} more than by all others)"
    )


def describe_accuracy(atlas: Atlas, generator: random.Random) -> str:
    """Count the portraits of classes that the judge classifies correctly."""
    judge = load_network(JUDGE)
    predicted = [int(compute_logits(judge, one).argmax()) for one in load_portraits(atlas)]
    correct = [number == prediction for number, prediction in enumerate(predicted)]
    sample = generator.sample(correct, CLASSES)
    return (
        f"{JUDGE} recognises {sum(sample)} of {CLASSES} random classes ({sum(correct)} of "
        f"{len(correct)})"
    )


def compare_rates(name: str, layer: str, count: int, rounds: int) -> None:
    """Print the seconds per portrait in a batch, one by one, and in a process each."""
    network = load_network(name, winograd="steady")
    plan = plan_atlas(network, layer, size=TIMED_SIZE)
    best = dict.fromkeys(("in a batch", "one by one", "a process each"), float("inf"))

    def record(method: str, start: float, portraits: int) -> None:
        best[method] = min(best[method], (time.perf_counter() - start) / portraits)

    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            start = time.perf_counter()
            list(render_batch(network, plan, range(count)))
            record("in a batch", start, count)
            start = time.perf_counter()
            list(render_batch(network, plan, [number]))
            record("one by one", start, 1)
            start = time.perf_counter()
            objective = str(portrait_objective(network, layer, number))
            command = [sys.executable, "-m", "puppyslug", "portrait", objective]
            command += ["--network", name, "-o", str(Path(folder) / f"{number}.png"), "--quiet"]
            command += ["--size", str(plan.size), "--steps", str(plan.steps)]
            subprocess.run(command, check=True, capture_output=True)
            record("a process each", start, 1)
    threads = torch.get_num_threads()
    print(f"{name} {layer}, {plan.size} pixels, {plan.steps} steps, {threads} threads")
    for method, seconds in best.items():
        ratio = seconds / best["in a batch"]
        print(f"  {method:15} {seconds:6.2f} s per portrait, {ratio:.2f} times a batch's")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.rate:
        for name, layer in TIMED_LAYERS:
            compare_rates(name, layer, BATCH_SIZE, options.rounds)
        return
    for atlas in list_atlases():
        generator = random.Random(1)
        if atlas.index.layer != CLASS_MAP:
            print(f"{atlas.title}: {describe_selectivity(atlas, generator)}")
        elif is_available(find_spec(JUDGE)):
            print(f"{atlas.title}: {describe_accuracy(atlas, generator)}")


if __name__ == "__main__":
    main()

"""How good the portraits in the built-in atlases are, by judges that take no part; and the rate.

    python bench/portraits.py [--rate]

Asks of 100 random channels of every atlas whether each is excited more by its own portrait than by
those of 50 other random channels; and of EfficientNet-Lite2, where it is installed, what it takes
the portraits of classes for. With ``--rate``, compares portraits drawn together with the same ones
drawn one by one, and by a process each.
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
from puppyslug.networks.weights.cache import is_here
from puppyslug.recognition.classification import verdict_logits
from puppyslug.visualization.atlas import Atlas, list_atlases
from puppyslug.visualization.atlas.builder import plan, portraits_of
from puppyslug.visualization.atlas.captions import answers_to
from puppyslug.visualization.atlas.portrait_cache import BATCH, draw_batch, objective_of

JUDGE = "efficientnet_lite2"
CHANNELS, OTHERS, CLASSES = 100, 50, 50
PORTRAYED = (("vgg19", "relu4_4"), ("efficientnet_lite0", CLASS_MAP))  # for the rate
EDGE = 112  # pixels, of portraits whose rate is measured


def selective(atlas: Atlas, chance: random.Random) -> str:
    """How many channels are excited more by their own portrait than by others'."""
    portraits = portraits_of(atlas)
    network = load_network(atlas.index.network, winograd="steady")
    answers = answers_to(network, atlas.index.layer, portraits)
    chosen = chance.sample(range(len(portraits)), min(CHANNELS, len(portraits)))
    won = 0
    for number in chosen:
        others = [n for n in range(len(portraits)) if n != number]
        sample = chance.sample(others, min(OTHERS, len(others)))
        won += bool((answers[number, number] > answers[sample, number]).all())
    first = sum(entry.beaten_by == 0 for entry in atlas.index.entries)
    return (
        f"{won} of {len(chosen)} channels prefer their own portrait to {OTHERS} others' "
        f"({first} of {len(portraits)} to all others')"
    )


def known(atlas: Atlas, chance: random.Random) -> str:
    """How many portraits of classes the judge names first."""
    judge = load_network(JUDGE)
    seen = [int(verdict_logits(judge, one).argmax()) for one in portraits_of(atlas)]
    right = [number == guess for number, guess in enumerate(seen)]
    sample = chance.sample(right, CLASSES)
    return f"{JUDGE} knows {sum(sample)} of {CLASSES} random classes ({sum(right)} of {len(right)})"


def rate(name: str, layer: str, count: int, rounds: int) -> None:
    """Compare the seconds of a portrait drawn together, one by one, and by a process each."""
    network = load_network(name, winograd="steady")
    job = plan(network, layer, size=EDGE)
    numbers = range(count)
    best = dict.fromkeys(("together", "one by one", "a process each"), float("inf"))

    def note(name: str, start: float, portraits: int) -> None:
        best[name] = min(best[name], (time.perf_counter() - start) / portraits)

    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            start = time.perf_counter()
            list(draw_batch(network, job, numbers))
            note("together", start, count)
            start = time.perf_counter()
            list(draw_batch(network, job, [number]))
            note("one by one", start, 1)
            start = time.perf_counter()
            objective = str(objective_of(network, layer, number))
            command = [sys.executable, "-m", "puppyslug", "portrait", objective]
            command += ["--network", name, "-o", str(Path(folder) / f"{number}.png"), "--quiet"]
            command += ["--size", str(job.size), "--steps", str(job.steps)]
            subprocess.run(command, check=True, capture_output=True)
            note("a process each", start, 1)
    print(
        f"{name} {layer}, {job.size} pixels, {job.steps} steps, {torch.get_num_threads()} threads"
    )
    for way, seconds in best.items():
        times = seconds / best["together"]
        print(f"  {way:15} {seconds:6.2f} s a portrait, {times:.2f} of together")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    if chosen.rate:
        for name, layer in PORTRAYED:
            rate(name, layer, BATCH, chosen.rounds)
        return
    for atlas in list_atlases():
        chance = random.Random(1)
        if atlas.index.layer != CLASS_MAP:
            print(f"{atlas.title}: {selective(atlas, chance)}")
        elif is_here(find_spec(JUDGE)):
            print(f"{atlas.title}: {known(atlas, chance)}")


if __name__ == "__main__":
    main()

"""How good portraits are, by judges that take no part.

    python bench/portraits.py [--classes 50] [--channels 24] [--layer relu5_1] [--save SHEET.png]

Portrays random classes with the networks that see things, and asks EfficientNet-Lite2, where it is
installed, what each shows; portrays random channels of VGG-19, and asks whether each portrait
excites its own channel more than the others' portraits do; and compares the time of one picture in
a batch with one by itself.
"""

import argparse
import random
import time

import torch

from puppyslug.classification import verdict_logits
from puppyslug.images import to_pil
from puppyslug.networks import find_record
from puppyslug.networks.cache import is_here
from puppyslug.networks.loading import load_network
from puppyslug.objectives import Objective, channel, see
from puppyslug.portraits import portrait_steps
from puppyslug.presets import SEEING, find_preset
from puppyslug.sheets import Tile, contact_sheet

BATCH = 10
JUDGE = "efficientnet_lite2"


def portraits(objectives: list[Objective], network: str, size: int, steps: int) -> torch.Tensor:
    """Portraits, a batch at a time."""
    loaded = load_network(network, winograd=0)
    made = []
    for first in range(0, len(objectives), BATCH):
        for step in portrait_steps(
            objectives[first : first + BATCH], loaded, size=size, steps=steps
        ):
            last = step
        made.append(last.images)
    return torch.cat(made)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--classes", type=int, default=50)
    parser.add_argument("--channels", type=int, default=24)
    parser.add_argument("--layer", default="relu5_1")
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--steps", type=int, default=128)
    parser.add_argument("--save")
    chosen = parser.parse_args()
    chance = random.Random(1)
    tiles = []
    if chosen.classes:
        eyes = str(find_preset(SEEING).settings["network"])
        vocabulary = load_network(eyes).known_vocabulary()
        numbers = chance.sample(range(1000), chosen.classes)
        names = [vocabulary.class_name(number) for number in numbers]
        start = time.perf_counter()
        made = portraits([see(name) for name in names], eyes, chosen.size, chosen.steps)
        print(f"{len(names)} classes in {time.perf_counter() - start:.0f} s")
        tiles += [Tile(to_pil(one[None]), name) for one, name in zip(made, names, strict=True)]
        if is_here(find_record(JUDGE)):
            judge = load_network(JUDGE)
            seen = [int(verdict_logits(judge, one[None]).argmax()) for one in made]
            right = sum(one == number for one, number in zip(seen, numbers, strict=True))
            print(f"{JUDGE} knows {right} of {len(names)} at first sight")
    if chosen.channels:
        record = find_record("vgg19")
        numbers = chance.sample(range(record.layer(chosen.layer).channels), chosen.channels)
        wanted = [channel(chosen.layer, number) for number in numbers]
        made = portraits(wanted, "vgg19", chosen.size, chosen.steps)
        with torch.no_grad():
            answers = load_network("vgg19").activations(made, [chosen.layer])[chosen.layer]
        means = answers.float().mean((2, 3))[:, numbers]  # portrait × channel
        own = sum(int(means[:, n].argmax()) == n for n in range(len(numbers)))
        print(f"{own} of {len(numbers)} channels are excited most by their own portrait")
        tiles += [
            Tile(to_pil(one[None]), str(name)) for one, name in zip(made, wanted, strict=True)
        ]
        for count in (1, BATCH):
            start = time.perf_counter()
            list(portrait_steps(wanted[:count], load_network("vgg19"), size=112, steps=12))
            print(
                f"{(time.perf_counter() - start) / count / 12:.3f} s a step in a batch of {count}"
            )
    if chosen.save:
        contact_sheet(tiles).save(chosen.save)


if __name__ == "__main__":
    main()

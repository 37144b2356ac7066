"""How well a network tells what it was taught, and whether another one agrees about its dreams.

    python bench/teaching.py FOLDER

Crops of scikit-image's photographs of brick, grass and gravel: 40 of each from the left two thirds
are taught, 30 of each from the right third are tried; then clouds, noise, and blends of two of
those, which are neither. Clouds are dreamt as each thing, and EfficientNet-Lite2, which took no
part, says what it sees in the dream and in the photograph; see judges.py.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import skimage.data
import torch
from judges import Lite2
from PIL import Image
from torch import Tensor

import puppyslug
from puppyslug.engine.inputs import read_picture
from puppyslug.images import clouds, load_image, noise
from puppyslug.labels import imagenet
from puppyslug.networks.network import Network
from puppyslug.recognition.classification import classify

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from lessons import HELD_OUT, LEARNT, TEXTURES, texture_crops

TAUGHT, TRIED, NOTHING, BLENDS = 40, 30, 30, 15  # of each
DREAMT = "{}.dream.png"


def verdict(network: Network, image: Tensor) -> str:
    """What it is sure of, or ``unsure``."""
    found = classify(image, network=network)
    return str(found.thing) if found.sure else "unsure"


def tell(network: Network, tried: dict[str, list[Tensor]]) -> None:
    """Print how pictures are told from each other, from nothing, and from blends."""
    pictures = [(name, image) for name, images in tried.items() for image in images]
    right = sum(classify(image, network=network).thing == name for name, image in pictures)
    sure = sum(verdict(network, image) == name for name, image in pictures)
    print(f"taken for what they are: {right} of {len(pictures)}, sure of {sure}")
    made = [make((240, 320), 90 + n) for make in (clouds, noise) for n in range(NOTHING)]
    none = sum(verdict(network, image) == "none" for image in made)
    print(f"clouds and noise called none: {none} of {len(made)}")
    said: Counter[str] = Counter()
    for one, other in combinations(tried, 2):
        for first, second in zip(tried[one][:BLENDS], tried[other][:BLENDS], strict=True):
            edge = min(*first.shape[-2:], *second.shape[-2:])
            blend = (first[..., :edge, :edge] + second[..., :edge, :edge]) / 2
            found = verdict(network, blend)
            said["one of the two" if found in {one, other} else found] += 1
    print(f"blends of two are called: {dict(said)}")


def dream(name: str, network: Network, file: Path, judge: Lite2, folder: Path) -> None:
    """Dream clouds as a thing, and print what both networks say of it."""
    made = puppyslug.dream("clouds", network=str(file), see=name).convert("RGB")
    made.save(folder / DREAMT.format(name))
    photo = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
    every = classify(made, network=network, top=10_000).guesses
    own = next(one.probability for one in every if one.name == name)
    print(f"clouds dreamt as {name}: {own:.2f} by its own verdict; by Lite2")
    for what, picture in (("dream", made), ("photograph", photo)):
        chances = judge.judge(read_picture(picture).image)
        best = chances.topk(5)
        named = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        said = (f"{imagenet().class_name(number)} {chance:.2f}" for number, chance in named)
        print(f"  {what}: {', '.join(said)}")


def main() -> None:
    """Teach, try and dream."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        os.environ["PUPPYSLUG_CACHE"] = place  # so that nothing was looked at before
        things = texture_crops(Path(place) / "things", LEARNT, TAUGHT)
        tried = texture_crops(Path(place) / "tried", HELD_OUT, TRIED)
        start = time.perf_counter()
        learnt = puppyslug.teach(things)
        file = folder / "textures.safetensors"
        learnt.save(file, overwrite=True)
        print(f"taught in {time.perf_counter() - start:.0f} s on {torch.get_num_threads()} threads")
        network = puppyslug.load_network(str(file))
        images = {
            name: [load_image(path).image for path in sorted((tried / name).iterdir())]
            for name in TEXTURES
        }
        tell(network, images)
        judge = Lite2(folder)
        for name in TEXTURES:
            dream(name, network, file, judge, folder)


if __name__ == "__main__":
    main()

"""Measures the accuracy of a taught network, and whether another network recognises its dreams.

    python bench/teaching.py FOLDER

The classes are crops of scikit-image's photographs of brick, grass and gravel: 40 of each from the
left two thirds for training, 30 of each from the right third for the test. Clouds, noise and blends
of two classes, which are neither, are classified too. Then clouds are dreamt as each class, and
EfficientNet-Lite2, which is not used for dreaming, classifies the dream and the photograph; see
judges.py.
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
from puppyslug.images import generate_clouds, generate_noise, load_image
from puppyslug.images.reader import read_image
from puppyslug.labels import imagenet
from puppyslug.networks.network import Network
from puppyslug.recognition.classification import classify

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from support.training_images import (
    HOLDOUT_COLUMNS,
    TEXTURES,
    TRAIN_COLUMNS,
    save_texture_crops,
)

TRAIN_COUNT, TEST_COUNT, NEGATIVE_COUNT, BLEND_COUNT = 40, 30, 30, 15  # of each kind or pair


def predict(network: Network, image: Tensor) -> str:
    """Return the class of an image, or ``unsure``."""
    result = classify(image, network=network)
    return str(result.thing) if result.sure else "unsure"


def print_accuracy(network: Network, test: dict[str, list[Tensor]]) -> None:
    """Print how images of the classes, generated images and blends are classified."""
    images = [(name, image) for name, own in test.items() for image in own]
    correct = sum(classify(image, network=network).thing == name for name, image in images)
    sure = sum(predict(network, image) == name for name, image in images)
    print(f"classified correctly: {correct} of {len(images)}, sure of {sure}")
    negatives = [
        generate((240, 320), 90 + number)
        for generate in (generate_clouds, generate_noise)
        for number in range(NEGATIVE_COUNT)
    ]
    none = sum(predict(network, image) == "none" for image in negatives)
    print(f"clouds and noise classified as none: {none} of {len(negatives)}")
    predictions: Counter[str] = Counter()
    for one, other in combinations(test, 2):
        for first, second in zip(test[one][:BLEND_COUNT], test[other][:BLEND_COUNT], strict=True):
            side = min(*first.shape[-2:], *second.shape[-2:])
            blend = (first[..., :side, :side] + second[..., :side, :side]) / 2
            predicted = predict(network, blend)
            predictions["one of the two" if predicted in {one, other} else predicted] += 1
    print(f"blends of two are classified as: {dict(predictions)}")


def dream(name: str, network: Network, file: Path, judge: Lite2, folder: Path) -> None:
    """Dream clouds as a class, and print both networks' classifications."""
    result = puppyslug.dream("clouds", network=str(file), see=name).convert("RGB")
    result.save(folder / f"{name}.dream.png")
    photo = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
    guesses = classify(result, network=network, top=10_000).guesses
    own = next(guess.probability for guess in guesses if guess.name == name)
    print(f"clouds dreamt as {name}: probability {own:.2f}; classified by Lite2")
    for kind, picture in (("dream", result), ("photograph", photo)):
        best = judge.judge(read_image(picture).image).topk(5)
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        text = ", ".join(
            f"{imagenet().class_name(n)} {probability:.2f}" for n, probability in pairs
        )
        print(f"  {kind}: {text}")


def main() -> None:
    """Teach a network, test it, and dream."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["PUPPYSLUG_CACHE"] = temporary  # so that no features are cached
        train = save_texture_crops(Path(temporary) / "train", TRAIN_COLUMNS, TRAIN_COUNT)
        test = save_texture_crops(Path(temporary) / "test", HOLDOUT_COLUMNS, TEST_COUNT)
        start = time.perf_counter()
        trained = puppyslug.teach(train)
        file = folder / "textures.safetensors"
        trained.save(file, overwrite=True)
        print(f"taught in {time.perf_counter() - start:.0f} s on {torch.get_num_threads()} threads")
        network = puppyslug.load_network(str(file))
        images = {
            name: [load_image(path).image for path in sorted((test / name).iterdir())]
            for name in TEXTURES
        }
        print_accuracy(network, images)
        judge = Lite2(folder)
        for name in TEXTURES:
            dream(name, network, file, judge, folder)


if __name__ == "__main__":
    main()

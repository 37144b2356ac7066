"""Fits a linear probe: a classifier on a layer of a network that has none.

Run ``python tools/fit_probe.py FOLDER`` with a folder of photographs. Ridge regression maps the
mean activation of a layer over a crop to the logits that other networks, the teachers, have for
the same crop (G. Alain, Y. Bengio, 2016, arXiv:1610.01644; G. Hinton et al., "Distilling the
Knowledge in a Neural Network", 2015, arXiv:1503.02531). The result is written to
``puppyslug.networks.probes``, with how well it agrees with the teachers on photographs that were
held out.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from puppyslug import load_image, load_network
from puppyslug.errors import ImageError
from puppyslug.images import resize
from puppyslug.networks import find_spec, probes
from puppyslug.networks.network import Network

SIDE = 341  # pixels, longest side at which a photograph is seen
MIN_CROP = 7  # positions of the layer, the smallest side of a crop
TEACHER_SIDE = 240  # pixels, side of what the teachers see
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
LICENCE = "CC BY 4.0 (weights of VGG-19, Visual Geometry Group, Oxford); Apache-2.0 (teachers)"


class Examples(NamedTuple):
    """What crops of photographs give: features (N×C), and the teachers' logits (N×classes)."""

    features: Tensor
    logits: Tensor


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit a probe, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="photographs")
    parser.add_argument("--network", default="vgg19")
    parser.add_argument("--layer", default="relu5_4")
    parser.add_argument("--teachers", default="efficientnet_lite0+efficientnet_lite1")
    parser.add_argument("--crops", type=int, default=6, help="of each photograph")
    parser.add_argument("--ridge", type=float, default=0.1, help="penalty per example")
    parser.add_argument("--holdout", type=float, default=0.15, help="share of the photographs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(arguments)
    paths = find_photographs(options.folder)
    network = load_network(find_spec(options.network).without_probe())
    teachers = load_network(options.teachers)
    generator = np.random.default_rng(options.seed)
    paths = [paths[number] for number in generator.permutation(len(paths))]
    photographs = list(extract(paths, network, options.layer, teachers, options.crops, generator))
    if len(photographs) < 2:
        sys.exit(f"error: {options.folder} has no two photographs that can be read; add some")
    held_out = max(1, round(options.holdout * len(photographs)))
    rest = fit(join(photographs[held_out:]), options.ridge)
    agreement = measure(join(photographs[:held_out]), *rest)
    print(f"agreement with the teachers on {held_out} photographs: {agreement}")
    weight, bias = fit(join(photographs), options.ridge)
    output = options.output or Path(probes.__file__).parent / f"{options.network}.safetensors"
    metadata = {
        "network": options.network,
        "layer": options.layer,
        "weights_sha256": network.weights_sha256,
        "teachers": options.teachers,
        "photographs": str(len(photographs)),
        "crops": str(options.crops),
        "ridge": str(options.ridge),
        "agreement": json.dumps(agreement),
        "licence": LICENCE,
    }
    save_file({"weight": weight.half(), "bias": bias.half()}, output, metadata)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


def find_photographs(folder: Path) -> list[Path]:
    """Return the picture files of a folder and its subfolders, in order."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        sys.exit(f"error: {folder} contains no photographs ({', '.join(SUFFIXES)}); name another")
    return paths


def extract(
    paths: Sequence[Path],
    network: Network,
    layer: str,
    teachers: Network,
    crops: int,
    generator: np.random.Generator,
) -> Iterator[Examples]:
    """Compute the features and the logits of crops of each photograph; unreadable ones are named.

    The network sees a photograph once. The features of a crop are the mean over the positions of
    the layer in it; the first crop is the largest square in the middle.
    """
    stride = network.spec.layer(layer).stride
    for number, path in enumerate(paths, 1):
        try:
            image = shrink(load_image(path).image)
        except ImageError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        with torch.no_grad():
            activation = network.activations(image, [layer])[layer].float()[0]
            windows = draw_windows(activation.shape[1:], crops, generator)
            features = [activation[:, rows, columns].mean((1, 2)) for rows, columns in windows]
            views = [view(image, rows, columns, stride) for rows, columns in windows]
            maps = teachers.activations(torch.cat(views), ["labels"])["labels"]
        logits = maps.float().mean((2, 3))
        yield Examples(torch.stack(features), logits - logits.mean(1, keepdim=True))
        print(f"\r{number} of {len(paths)}", end="\n" if number == len(paths) else "", flush=True)


def shrink(image: Tensor) -> Tensor:
    """Scale a photograph down to ``SIDE``."""
    height, width = image.shape[-2:]
    factor = min(1.0, SIDE / max(height, width))
    return resize(image, (round(height * factor), round(width * factor)))


def draw_windows(
    size: Sequence[int], count: int, generator: np.random.Generator
) -> list[tuple[slice, slice]]:
    """Draw squares of a map of (rows, columns): first the middle, then any."""
    largest = min(size)
    windows = []
    for number in range(count):
        side = int(generator.integers(min(MIN_CROP, largest), largest + 1)) if number else largest
        starts = [
            int(generator.integers(0, length - side + 1)) if number else (length - side) // 2
            for length in size
        ]
        windows.append((slice(starts[0], starts[0] + side), slice(starts[1], starts[1] + side)))
    return windows


def view(image: Tensor, rows: slice, columns: slice, stride: int) -> Tensor:
    """Return the pixels of a window as the teachers see them, 1×3×side×side."""
    top, bottom, left, right = (
        edge * stride for edge in (rows.start, rows.stop, columns.start, columns.stop)
    )
    crop = image[..., top:bottom, left:right]
    return torch.nn.functional.interpolate(
        crop, size=(TEACHER_SIDE,) * 2, mode="bicubic", antialias=True, align_corners=False
    ).clamp(0, 1)


def join(examples: Sequence[Examples]) -> Examples:
    """Concatenate the examples of photographs."""
    features, logits = zip(*examples, strict=True)
    return Examples(torch.cat(features), torch.cat(logits))


def fit(examples: Examples, ridge: float) -> tuple[Tensor, Tensor]:
    """Return weight (classes×C) and bias (classes) of the ridge regression."""
    features, logits = (one.double() for one in examples)
    std, mean = torch.std_mean(features, 0)
    std = std.clamp(min=1e-6)
    scaled, centre = (features - mean) / std, logits.mean(0)
    penalty = ridge * len(features) * torch.eye(features.shape[1], dtype=torch.float64)
    solution = torch.linalg.solve(scaled.T @ scaled + penalty, scaled.T @ (logits - centre))
    weight = (solution / std[:, None]).T
    return weight.float(), (centre - weight @ mean).float()


def measure(examples: Examples, weight: Tensor, bias: Tensor) -> dict[str, float]:
    """Return how often the teachers' first class is among the probe's first 1, 5 and 50."""
    predicted = examples.features @ weight.T + bias
    first = examples.logits.argmax(1, keepdim=True)
    rank = (predicted > predicted.gather(1, first)).sum(1)
    return {f"top{count}": round(float((rank < count).float().mean()), 3) for count in (1, 5, 50)}


if __name__ == "__main__":
    main()

"""A race: the same dream by the usual loop and by puppyslug, in one process.

    python bench/race.py [--size 640x360] [--rounds 2] [--device cpu]

Both dream VGG-19's relu4_4 in 4 octaves of 10 steps, from the same picture. The usual loop is that
of other Deep Dream tools: eager float32, modules in torch's default layout. The two alternate, and
the best round of each counts. Only the ratio is meaningful. Other tools themselves are not run:
those on the package index need torchvision, which has no build for the CPU wheel of torch in the
constraints.
"""

import argparse
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

import puppyslug
from puppyslug.benchmark.measurement import best_time, convolution_gflops
from puppyslug.engine.loop import dream_steps
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.images import generate_clouds
from puppyslug.networks.network import DTYPES
from puppyslug.networks.runtime import has_fast_bfloat16

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from support.notebook import deepdream, vgg19_to


def roof_share(size: tuple[int, int], precision: str) -> float:
    """Return the share of a direct step that its convolutions take, each timed alone."""
    network = puppyslug.load_network("vgg19", precision=precision, device="cpu", winograd=0)
    objective = puppyslug.parse_objective("relu4_4")
    image = generate_clouds(size)
    alone = 0.0
    height, width = size
    for block, (count, _) in enumerate(network.spec.structure[:4], 1):
        for index in range(1, count + 1):
            layer = network._architecture.base.convolutions[f"{block}_{index}"]
            for channels, backward in ((layer.in_channels, False), (layer.out_channels, True)):
                x = torch.rand(1, channels, height, width).to(DTYPES[precision])
                x = x.contiguous(memory_format=torch.channels_last)
                convolve = partial(layer.propagate_back, signs=None) if backward else layer.convolve
                with torch.no_grad():
                    alone += best_time(partial(convolve, x))
        height, width = height // 2, width // 2
    return alone / best_time(lambda: value_and_gradient(network, objective, image))


def dream(image: torch.Tensor, recipe: puppyslug.Recipe, network: puppyslug.Network) -> float:
    """Dream to the end, and wait for it."""
    *_, last = dream_steps(image, recipe, network)
    return float(last.image.mean())


def main() -> None:
    """Run the race and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda", "mps"))
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    device = arguments.device
    image = generate_clouds((height, width))
    recipe = puppyslug.Recipe.complete({})
    runners = {
        "usual loop, float32": lambda: deepdream(
            image[0].permute(1, 2, 0).numpy(), vgg19_to("relu4_4")
        )
    }
    precisions = ("float32", "bfloat16") if has_fast_bfloat16(device) else ("float32",)
    contenders = [
        (f"puppyslug, {precision}, {title}", precision, winograd, kernels)
        for precision in precisions
        for title, winograd, kernels in (
            ("direct", 0, "torch"),
            ("Winograd by torch", "auto", "torch"),
            ("auto", "auto", "auto"),
        )
        if device == "cpu" or title == "auto"
    ]
    for title, precision, winograd, kernels in contenders:
        network = puppyslug.load_network(
            "vgg19", precision=precision, device=device, winograd=winograd, kernels=kernels
        )
        runners[title] = partial(dream, image.to(device), recipe, network)
    best = dict.fromkeys(runners, np.inf)
    for _ in range(arguments.rounds):
        for title, run in runners.items():
            start = time.perf_counter()
            run()
            best[title] = min(best[title], time.perf_counter() - start)
    slowest = best["usual loop, float32"]
    for title, seconds in best.items():
        print(f"{title:40} {slowest / seconds:5.2f} × the usual loop   ({seconds:.1f} s)")
    for precision in precisions:
        print(f"{precision} peak: {convolution_gflops(precision, device):.0f} GFLOP/s")
        if device == "cpu":
            share = roof_share((height, width), precision)
            print(f"a direct step in {precision}: its convolutions alone take {share:.2f} of it")


if __name__ == "__main__":
    main()

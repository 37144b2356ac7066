"""How steady a dreamt film is, against dreaming every frame alone.

    python bench/film.py [FILM] [--frames N] [--size 320]

Without a film, a photo that moves under a window. Prints the warping error (mean difference
between a frame and the one before, moved along the source's own flow, where that can be trusted,
in grey levels), the strength (mean difference from the source) over time, the time a frame takes,
and how brightness and saturation move against the source's own.
"""

import argparse
import itertools
import time
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image

from puppyslug.engine.preparation import prepare
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import fold_objective
from puppyslug.video.film import film
from puppyslug.video.flow import carried, flow_between, trusted
from puppyslug.video.reader import read_frames
from puppyslug.video.segments import Segment

ALONE = 8  # frames that are dreamt alone, from the film's beginning
SECOND = 25  # frames


def scene(frames: int, width: int) -> list[np.ndarray]:
    """A photo that drifts under a window, there and back."""
    photo = cv2.resize(skimage.data.coffee(), (3 * width, 2 * width), interpolation=cv2.INTER_AREA)
    height = width * 9 // 16
    pictures = []
    for number in range(frames):
        x = width * (1 + 0.5 * np.sin(number / 40))
        y = width * (0.5 + 0.2 * np.sin(number / 55))
        matrix = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
        pictures.append(cv2.warpAffine(photo, matrix, (width, height), flags=cv2.INTER_CUBIC))
    return pictures


def warping_error(dreams: list[np.ndarray], sources: list[np.ndarray]) -> float:
    """See the module."""
    errors = []
    for (before, after), (old, new) in zip(
        itertools.pairwise(dreams), itertools.pairwise(sources), strict=False
    ):
        there = flow_between(new, old)
        sure = trusted(there, flow_between(old, new)) > 0.99
        moved = carried(before.astype(np.float32), there)
        errors.append(np.abs(after - moved)[sure].mean())
    return float(np.mean(errors))


def saturation(picture: np.ndarray) -> float:
    """Mean spread of a pixel's channels, in grey levels."""
    return float((picture.max(-1).astype(float) - picture.min(-1)).mean())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--layer", default="relu3_4")
    parser.add_argument("--see", help="a thing instead of a layer, such as castle")
    parser.add_argument("--save", type=Path)
    chosen = parser.parse_args()
    if chosen.film:
        read = itertools.islice(read_frames(chosen.film), chosen.frames)
        sources = [frame.pixels for frame in read]
        height = round(chosen.size * sources[0].shape[0] / sources[0].shape[1])
        area = (chosen.size, height)
        sources = [cv2.resize(one, area, interpolation=cv2.INTER_AREA) for one in sources]
    else:
        sources = scene(chosen.frames, chosen.size)
    settings = {"objective": chosen.layer, "octaves": 3, "iterations": 8, "size": "full"}
    if chosen.see:
        settings = fold_objective({"see": chosen.see, "size": "full"})
    prepared = prepare(Recipe.complete(settings), Image.fromarray(sources[0]))

    start = time.perf_counter()
    alone = [
        next(film(prepared, iter([one]), Segment(number, number + 1))).pixels
        for number, one in enumerate(sources[:ALONE])
    ]
    alone_seconds = (time.perf_counter() - start) / len(alone)
    start = time.perf_counter()
    whole = Segment(0, len(sources))
    steady = [made.pixels for made in film(prepared, iter(sources), whole)]
    steady_seconds = (time.perf_counter() - start) / len(steady)

    errors = [warping_error(dreams, sources) for dreams in (alone, steady)]
    print(f"warping error: alone {errors[0]:.2f}, film {errors[1]:.2f}, ", end="")
    print(f"ratio {errors[1] / errors[0]:.3f}; source {warping_error(sources, sources):.2f}")
    print(f"seconds a frame: alone {alone_seconds:.2f}, film {steady_seconds:.2f}, ", end="")
    print(f"ratio {steady_seconds / alone_seconds:.3f}")
    strength = [np.abs(d.astype(float) - s).mean() for d, s in zip(steady, sources, strict=True)]
    shown = range(0, len(steady), max(1, len(steady) // 10))
    print("strength:", " ".join(f"{strength[number]:.1f}" for number in shown))
    for name, measure in (("brightness", np.mean), ("saturation", saturation)):
        levels = [
            np.mean([measure(one) for one in film_[at : at + SECOND]])
            for film_ in (steady, sources)
            for at in (0, max(0, len(steady) - SECOND))
        ]
        change = (levels[1] / levels[0]) / (levels[3] / levels[2]) - 1
        print(f"{name}: {change:+.1%} against the source's own change")
    if chosen.save:
        rows = (
            [sources[number] for number in list(shown)[::3]],
            [steady[n] for n in list(shown)[::3]],
        )
        Image.fromarray(np.concatenate([np.concatenate(row, 1) for row in rows])).save(chosen.save)


if __name__ == "__main__":
    main()

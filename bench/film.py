"""Measures the temporal stability of a dreamt film, compared with dreaming each frame alone.

    python bench/film.py [FILM] [--frames N] [--size 320]

Without a film, it uses a photo that drifts under a window. It prints:

- the warping error: mean difference, in grey levels, between a frame and the previous one warped
  along the source's optical flow, where the flow is reliable;
- the strength over time: mean difference from the source;
- the time per frame;
- the change of brightness and saturation over time, relative to the source's.
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
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.recipe import Recipe, expand_shorthand
from puppyslug.video.film import FilmOptions, dream_frames
from puppyslug.video.flow import compute_flow, flow_confidence, warp
from puppyslug.video.reader import read_frames
from puppyslug.video.segments import Segment

INDEPENDENT = 8  # frames that are dreamt alone, from the start of the film
WINDOW = 25  # frames at the start and at the end, for the change over time


def scene(frames: int, width: int) -> list[np.ndarray]:
    """Render a photo that drifts back and forth under a window."""
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
    """Compute the mean warping error of a film; see above."""
    errors = []
    for (before, after), (old, new) in zip(
        itertools.pairwise(dreams), itertools.pairwise(sources), strict=False
    ):
        flow = compute_flow(new, old)
        reliable = flow_confidence(flow, compute_flow(old, new)) > 0.99
        errors.append(np.abs(after - warp(before.astype(np.float32), flow))[reliable].mean())
    return float(np.mean(errors))


def saturation(picture: np.ndarray) -> float:
    """Compute the mean range of a pixel's channels, in grey levels."""
    return float((picture.max(-1).astype(float) - picture.min(-1)).mean())


def load_sources(options: argparse.Namespace) -> list[np.ndarray]:
    """Load the frames of the film, or render a scene."""
    if not options.film:
        return scene(options.frames, options.size)
    read = itertools.islice(read_frames(options.film), options.frames)
    frames = [frame.pixels for frame in read]
    height = round(options.size * frames[0].shape[0] / frames[0].shape[1])
    return [
        cv2.resize(frame, (options.size, height), interpolation=cv2.INTER_AREA) for frame in frames
    ]


def dream_timed(
    prepared: PreparedDream, sources: list[np.ndarray], segments: list[Segment], every: int = 1
) -> tuple[list[np.ndarray], float]:
    """Dream some segments; return their frames, and the seconds per frame."""
    start = time.perf_counter()
    frames = [
        frame.pixels
        for segment in segments
        for frame in dream_frames(
            prepared, iter(sources[segment.first :]), segment, options=FilmOptions(every=every)
        )
    ]
    return frames, (time.perf_counter() - start) / len(frames)


def report_changes(film: list[np.ndarray], sources: list[np.ndarray]) -> None:
    """Print how brightness and saturation change over time, relative to the source."""
    for name, measure in (("brightness", np.mean), ("saturation", saturation)):
        levels = [
            np.mean([measure(frame) for frame in frames[start : start + WINDOW]])
            for frames in (film, sources)
            for start in (0, max(0, len(film) - WINDOW))
        ]
        change = (levels[1] / levels[0]) / (levels[3] / levels[2]) - 1
        print(f"{name}: {change:+.1%} relative to the source's change")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--layer", default="relu3_4")
    parser.add_argument("--see", help="a class instead of a layer, such as castle")
    parser.add_argument("--every", type=int, default=1, help="also dream every Nth frame only")
    parser.add_argument("--save", type=Path, help="save a sheet of sources and dreams")
    options = parser.parse_args()
    sources = load_sources(options)
    settings = {"objective": options.layer, "octaves": 3, "iterations": 8, "size": "full"}
    if options.see:
        settings = expand_shorthand({"see": options.see, "size": "full"})
    prepared = prepare(Recipe.complete(settings), Image.fromarray(sources[0]))

    single = [Segment(number, number + 1) for number in range(min(INDEPENDENT, len(sources)))]
    alone, alone_seconds = dream_timed(prepared, sources, single)
    film, film_seconds = dream_timed(prepared, sources, [Segment(0, len(sources))])

    errors = [warping_error(dreams, sources) for dreams in (alone, film)]
    print(f"warping error: alone {errors[0]:.2f}, film {errors[1]:.2f}, ", end="")
    print(f"ratio {errors[1] / errors[0]:.3f}; source {warping_error(sources, sources):.2f}")
    print(f"seconds per frame: alone {alone_seconds:.2f}, film {film_seconds:.2f}, ", end="")
    print(f"ratio {film_seconds / alone_seconds:.3f}")
    if options.every > 1:
        sparse, seconds = dream_timed(prepared, sources, [Segment(0, len(sources))], options.every)
        error = warping_error(sparse, sources)
        print(f"every {options.every}: {seconds / film_seconds:.3f} of the time, ", end="")
        print(f"warping error {error:.2f}, {error / errors[1]:.2f} times the film's")
    samples = range(0, len(film), max(1, len(film) // 10))
    strength = [np.abs(film[n].astype(float) - sources[n]).mean() for n in samples]
    print("strength:", " ".join(f"{value:.1f}" for value in strength))
    report_changes(film, sources)
    if options.save:
        rows = [np.concatenate([frames[n] for n in samples[::3]], 1) for frames in (sources, film)]
        Image.fromarray(np.concatenate(rows)).save(options.save)


if __name__ == "__main__":
    main()

"""Measures live dreams on this machine: frame rate and latency, and how steady the picture is.

    python bench/live.py [FILM] [--frames N] [--fps 10] [--size 320] [--layer L --network N]

Without a film, it uses a photo of a face that moves. It prints:

- dreamt frames per second, latency (median and 95 %), and the working size, in real time;
- the warping error of all frames, relative to that of frames dreamt alone at equal strength;
- the range of the strength, relative to the recipe's, after the first second;
- the largest difference of a mean colour from the source;
- the growth of the process's memory.
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import skimage.data
from film import warping_error
from PIL import Image

from puppyslug.images.sizes import fit_size
from puppyslug.live.frames import CapturedFrame, LiveFrame
from puppyslug.live.loop import dream_live
from puppyslug.live.sources import SHOWN_SIDE, play
from puppyslug.video.frames import Pixels, TimedFrame
from puppyslug.video.reader import read_frames

ALONE = 6  # frames that are dreamt alone
STEPS_ALONE = 8  # frames of a still picture, after which the strength is that of the recipe
COLUMNS = 6  # of the sheet


def scene(frames: int, fps: float, size: tuple[int, int] = (360, 640)) -> Iterator[Pixels]:
    """Render a face that moves in front of the camera."""
    photo = skimage.data.astronaut()
    for number in range(frames):
        seconds = number / fps
        width = size[1] * 0.62 / (1.25 + 0.1 * np.sin(1.1 * seconds))
        height = width * size[0] / size[1]
        x, y = 220 + 30 * np.sin(1.4 * seconds), 150 + 12 * np.sin(2 * seconds)
        scale = size[1] / width
        matrix = np.array(
            [[scale, 0, (width / 2 - x) * scale], [0, scale, (height / 2 - y) * scale]], np.float32
        )
        yield cv2.warpAffine(
            photo, matrix, size[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )


def load(options: argparse.Namespace) -> Iterator[Pixels]:
    """Load the frames of the film, repeated as often as necessary, or render the scene."""
    if options.film is None:
        yield from scene(options.frames, options.fps)
        return
    frames = [frame.pixels for frame in read_frames(options.film)]
    size = fit_size(frames[0].shape[:2], SHOWN_SIDE)
    frames = [cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA) for frame in frames]
    there_and_back = itertools.cycle([*frames, *frames[-2:0:-1]])
    yield from itertools.islice(there_and_back, options.frames)


def dream(
    captured: Iterator[CapturedFrame], settings: dict[str, object], options: argparse.Namespace
) -> list[LiveFrame]:
    """Dream all frames at the finest setting, as a machine does that has enough time."""
    frames = dream_live(captured, settings, fps=options.fps, side=options.size, clock=lambda: 0.0)
    return list(frames)


def measure_speed(settings: dict[str, object], options: argparse.Namespace) -> None:
    """Dream in real time, and print frame rate, latency and memory."""
    process = psutil.Process()
    timed = (
        TimedFrame(number / (2 * options.fps), pixels)
        for number, pixels in enumerate(load(options))
    )
    latencies, times, memory = [], [], 0
    for frame in dream_live(play(timed), settings, fps=options.fps, side=options.size):
        latencies.append(1000 * frame.latency)
        times.append(time.monotonic())
        memory = memory or process.memory_info().rss
    rate = (len(times) - 1) / (times[-1] - times[0])
    settled = latencies[min(len(latencies) // 2, 2 * round(options.fps)) :]
    late = np.percentile(settled, 95)
    print(f"{rate:.1f} frames per second, latency {np.median(settled):.0f} ms, ", end="")
    print(f"95 % {late:.0f} ms; last at {frame.level.side} pixels, {frame.level.octaves} ", end="")
    print(f"octaves, {frame.level.steps} steps")
    growth = (process.memory_info().rss - memory) / 1e6
    print(f"memory: {growth:+.1f} MB over {len(times)} frames")


def measure_steadiness(settings: dict[str, object], options: argparse.Namespace) -> None:
    """Dream every frame, and print warping error, strength and colour."""
    sources = list(load(options))
    captured = (CapturedFrame(n / options.fps, pixels) for n, pixels in enumerate(sources))
    frames = dream(captured, settings, options)
    alone = []
    for pixels in sources[:ALONE]:
        still = (CapturedFrame(n / options.fps, pixels) for n in range(STEPS_ALONE))
        alone.append(dream(still, settings, options)[-1].pixels)
    errors = [
        warping_error(dreams, sources[: len(dreams)])
        for dreams in (alone, [frame.pixels for frame in frames])
    ]
    print(f"warping error: alone {errors[0]:.2f}, live {errors[1]:.2f}, ", end="")
    print(f"ratio {errors[1] / errors[0]:.3f}; source {warping_error(sources, sources):.2f}")
    recipe = frames[0].recipe
    full = recipe.step_size * recipe.iterations
    strength = [frame.strength / full - 1 for frame in frames[round(options.fps) :]]
    print(f"strength: {min(strength):+.1%} to {max(strength):+.1%} of {full:.1f} grey levels")
    drift = [
        np.abs(frame.pixels.mean((0, 1)) - frame.source.pixels.mean((0, 1))).max()
        for frame in frames
    ]
    print(f"mean colour: at most {max(drift):.2f} grey levels from the source's")
    if options.save:
        save_sheet(frames[:: max(1, len(frames) // 24)][:24], options.save)


def save_sheet(frames: list[LiveFrame], path: Path) -> None:
    """Save 24 frames as one picture."""
    small = [cv2.resize(frame.pixels, (240, 135), interpolation=cv2.INTER_AREA) for frame in frames]
    rows = [np.concatenate(small[n : n + COLUMNS], 1) for n in range(0, len(small), COLUMNS)]
    Image.fromarray(np.concatenate(rows)).save(path, quality=88)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--fps", type=float, default=10)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--network")
    parser.add_argument("--layer")
    parser.add_argument("--speed-only", action="store_true")
    parser.add_argument("--save", type=Path, help="save a sheet of 24 frames")
    options = parser.parse_args()
    chosen = {"network": options.network, "layer": options.layer}
    settings = {name: value for name, value in chosen.items() if value}
    measure_speed(settings, options)
    if not options.speed_only:
        measure_steadiness(settings, options)


if __name__ == "__main__":
    main()

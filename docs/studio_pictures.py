"""Renders the studio's pictures of starts, presets and layers, all from generated clouds.

    python docs/studio_pictures.py

Run it when a preset or a packaged network changes.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

import puppyslug
from puppyslug.images import generate_clouds, generate_noise, to_pil
from puppyslug.networks import find_spec
from puppyslug.recipe import PRESETS

FOLDER = Path(__file__).parent.parent / "src/puppyslug/studio/static/pictures"
NETWORKS = ("vgg19", "efficientnet_lite0", "efficientnet_lite1")  # weights are installed
EXAMPLE_CLASS = "castle"  # for the presets for classes by name
SEED = 3
SAMPLE = (720, 480)  # width and height of a sample picture


def main() -> None:
    """Render all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in (("hills", draw_hills), ("pebbles", draw_pebbles), ("sea", draw_sea)):
        save(Image.fromarray((255 * draw().clip(0, 1)).astype(np.uint8)), SAMPLE, f"sample-{name}")
    for name, start in (("clouds", generate_clouds), ("noise", generate_noise)):
        save(to_pil(start((270, 480), SEED)), (480, 270), f"start-{name}")
    for name in PRESETS:
        settings = {"see": EXAMPLE_CLASS} if "focus" in PRESETS[name].settings else {}
        dream = puppyslug.dream("clouds", preset=name, size="480x320", seed=SEED, **settings)
        save(dream, (240, 160), f"preset-{name}")
    for name in NETWORKS:
        for layer in find_spec(name).preview_layers:
            dream = puppyslug.dream("clouds", network=name, layer=layer, size="320x240", seed=SEED)
            save(dream, (160, 120), f"{name}-{layer}")


def draw_hills() -> np.ndarray:
    """Draw ridges, each darker and nearer than the one behind it, below an evening sky."""
    width, height = SAMPLE
    random = np.random.default_rng(SEED)
    down = np.linspace(0, 1, height)[:, None, None]
    picture = (1 - down) * (0.24, 0.29, 0.52) + down * (0.99, 0.68, 0.42)
    picture = np.broadcast_to(picture, (height, width, 3)).copy()
    across = np.arange(width)
    for depth in np.linspace(0, 1, 6):
        ridge = sum(
            gaussian_filter(random.normal(size=width), sigma, mode="wrap") * sigma**0.5 * size
            for sigma, size in ((90, 0.3), (30, 0.12), (6, 0.04))
        )
        top = height * (0.42 + 0.5 * depth + (0.5 - 0.25 * depth) * ridge)
        inside = np.arange(height)[:, None] > top[across]
        grain = gaussian_filter(random.normal(size=(height, width)), 1.2)[..., None]
        colour = np.array((0.62, 0.45, 0.50)) * (1 - depth) + np.array((0.07, 0.12, 0.13)) * depth
        picture[inside] = (colour + 0.06 * depth * grain)[inside]
    return picture


def draw_pebbles() -> np.ndarray:
    """Draw round stones of several colours, lit from the upper left."""
    width, height = SAMPLE
    random = np.random.default_rng(SEED)
    centres = random.uniform((-40, -40), (width + 40, height + 40), (420, 2))
    for _ in range(4):  # spread them evenly
        distances, others = cKDTree(centres).query(centres, k=2)
        away = centres - centres[others[:, 1]]
        centres = centres + away / distances[:, 1:] * np.maximum(0, 34 - distances[:, 1:]) * 0.5
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    distances, nearest = cKDTree(centres).query(np.stack([across, down], -1), k=2)
    edge = distances[..., 1] - distances[..., 0]
    dome = gaussian_filter(np.clip(edge / 14, 0, 1), 1.6)
    slope = np.gradient(dome)
    light = 0.62 + 0.34 * dome - 3.2 * (slope[0] + slope[1])
    palette = random.uniform(0.35, 0.8, (len(centres), 1)) * (
        np.array((1.0, 0.93, 0.84)) + random.normal(0, 0.09, (len(centres), 3))
    )
    grain = 1 + 0.12 * gaussian_filter(random.normal(size=(height, width)), 0.8)
    return palette[nearest[..., 0]] * (light * grain * np.clip(dome * 1.6, 0.12, 1))[..., None]


def draw_sea() -> np.ndarray:
    """Draw clouds above waves that mirror them."""
    width, height = SAMPLE
    horizon = height * 5 // 8
    sky = np.asarray(to_pil(generate_clouds((horizon, width), SEED + 4)), float) / 255
    random = np.random.default_rng(SEED)
    mirrored = sky[::-1][: height - horizon]
    rows = np.arange(height - horizon)
    waves = gaussian_filter(random.normal(size=(len(rows), width)), (1.1, 9))
    waves *= 160 * (0.15 + rows[:, None] / len(rows))
    columns = (np.arange(width) + waves).astype(int).clip(0, width - 1)
    water = mirrored[rows[:, None], columns] * (0.42, 0.58, 0.68) + 0.022 * waves[..., None] / 9
    return np.concatenate([sky, water])


def save(dream: Image.Image, size: tuple[int, int], name: str) -> None:
    """Save a picture at a small size (width, height)."""
    dream.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(
        FOLDER / f"{name}.webp", quality=80, method=6
    )


if __name__ == "__main__":
    main()

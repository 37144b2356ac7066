"""Renders the studio's pictures of starts, presets and layers, all from generated clouds.

    python docs/studio_pictures.py

Run it when a preset or a packaged network changes.
"""

from pathlib import Path

from PIL import Image

import puppyslug
from puppyslug.images import generate_clouds, generate_noise, to_pil
from puppyslug.networks import find_spec
from puppyslug.recipe import PRESETS

FOLDER = Path(__file__).parent.parent / "src/puppyslug/studio/static/pictures"
NETWORKS = ("vgg19", "efficientnet_lite0", "efficientnet_lite1")  # weights are installed
EXAMPLE_CLASS = "castle"  # for the preset for classes by name
SEED = 3


def main() -> None:
    """Render all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, start in (("clouds", generate_clouds), ("noise", generate_noise)):
        save(to_pil(start((270, 480), SEED)), (480, 270), f"start-{name}")
    for name in PRESETS:
        settings = {"see": EXAMPLE_CLASS} if name == "natural" else {}
        dream = puppyslug.dream("clouds", preset=name, size="480x320", seed=SEED, **settings)
        save(dream, (240, 160), f"preset-{name}")
    for name in NETWORKS:
        for layer in find_spec(name).preview_layers:
            dream = puppyslug.dream("clouds", network=name, layer=layer, size="320x240", seed=SEED)
            save(dream, (160, 120), f"{name}-{layer}")


def save(dream: Image.Image, size: tuple[int, int], name: str) -> None:
    """Save a picture at a small size (width, height)."""
    dream.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(
        FOLDER / f"{name}.webp", quality=80, method=6
    )


if __name__ == "__main__":
    main()

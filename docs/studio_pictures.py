"""Makes the studio's pictures of starts, presets and layers, out of puppyslug's own clouds.

    python docs/studio_pictures.py

Run it when a preset or a packaged network changes.
"""

from pathlib import Path

from PIL import Image

import puppyslug
from puppyslug.images import clouds, noise, to_pil
from puppyslug.networks import find_spec
from puppyslug.recipe.presets import PRESETS

FOLDER = Path(__file__).parent.parent / "src/puppyslug/studio/static/pictures"
NETWORKS = ("vgg19", "efficientnet_lite0", "efficientnet_lite1")  # those that an install brings
THING = "castle"  # what the preset for things by name is shown with
SEED = 3


def main() -> None:
    """Make all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, start in (("clouds", clouds), ("noise", noise)):
        save(to_pil(start((270, 480), SEED)), (480, 270), f"start-{name}")
    for name in PRESETS:
        settings = {"see": THING} if name == "natural" else {}
        dream = puppyslug.dream("clouds", preset=name, size="480x320", seed=SEED, **settings)
        save(dream, (240, 160), f"preset-{name}")
    for name in NETWORKS:
        for layer in find_spec(name).depths:
            dream = puppyslug.dream("clouds", network=name, layer=layer, size="320x240", seed=SEED)
            save(dream, (160, 120), f"{name}-{layer}")


def save(dream: Image.Image, size: tuple[int, int], name: str) -> None:
    """Save a picture, small."""
    dream.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(
        FOLDER / f"{name}.webp", quality=80, method=6
    )


if __name__ == "__main__":
    main()

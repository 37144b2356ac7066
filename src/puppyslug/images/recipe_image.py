"""Pillow images that carry the recipe which reproduces them, for as long as it does."""

import hashlib
from os import PathLike
from pathlib import Path
from typing import Any, Self

from PIL import Image

from puppyslug.images.attribution import attached, to_profile
from puppyslug.images.metadata import RECIPE_KEY, metadata_save_options


class RecipeImage(Image.Image):
    """A Pillow image that stores its recipe in the files that ``save`` writes.

    The recipe is in ``info["puppyslug"]``. An image that was modified since, and the results of
    methods such as ``resize``, are saved without it, because it does not reproduce them.
    """

    _digest: bytes = b""

    @classmethod
    def from_image(cls, picture: Image.Image, recipe_text: str) -> Self:
        """Create a copy of an image, with a recipe as ASCII JSON."""
        image = cls()
        image.__setstate__(picture.__getstate__())
        image.info = {**picture.info, RECIPE_KEY: recipe_text}
        image._digest = image._compute_digest()
        return image

    @property
    def recipe_text(self) -> str | None:
        """The recipe as ASCII JSON; None if the image was modified."""
        text: str | None = self.info.get(RECIPE_KEY)
        return text if self._compute_digest() == self._digest else None

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
        """Save the image as ``PIL.Image.Image.save`` does, with its recipe and attribution."""
        if format is None and isinstance(fp, str | PathLike):
            suffix = Path(fp).suffix.lower()
            format = Image.registered_extensions().get(suffix)
        options = metadata_save_options((format or "").upper(), self.recipe_text, attached(self))
        picture, profile = to_profile(self)
        Image.Image.save(picture, fp, format, **{**options, **profile, **params})

    def _compute_digest(self) -> bytes:
        header = repr((self.mode, self.size, self.info.get(RECIPE_KEY))).encode()
        return hashlib.sha256(header + self.tobytes()).digest()

    def __getstate__(self) -> list[Any]:
        return [*super().__getstate__(), self._digest]

    def __setstate__(self, state: list[Any]) -> None:
        super().__setstate__(state[:5])
        self._digest = state[5] if len(state) > 5 else b""


def carried_recipe(picture: Image.Image) -> str | None:
    """Return the recipe that reproduces an image, as ASCII JSON; None if it has none."""
    return picture.recipe_text if isinstance(picture, RecipeImage) else None

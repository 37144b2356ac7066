"""The progress of a dream, and the state that each of its steps yields."""

from dataclasses import dataclass, field

import torch
from PIL import Image
from torch import Tensor

from puppyslug.engine.blending import blend_by_recipe
from puppyslug.images import RecipeImage, resize, to_pil
from puppyslug.images.sizes import Size
from puppyslug.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The position of a step in a dream.

    Attributes:
        octave: index of the octave, from 0, the coarsest.
        octaves: number of octaves.
        step: index of the step in its octave, from 0.
        steps: number of steps per octave.
        scores: scores of the image before the step, (1,), on the network's device.
        fraction: completed share of the work, in (0, 1].
        first: number of steps in all octaves before this one; None if all have as many.
    """

    octave: int
    octaves: int
    step: int
    steps: int
    scores: Tensor
    fraction: float
    first: int | None = None

    @property
    def score(self) -> float:
        """Score of the image before the step, as the network sees it; it rises within an octave.

        It depends on the seed and on the size of the octave; ``puppyslug.score`` does not. Reading
        it waits until a GPU has computed it.
        """
        return float(self.scores.mean())

    @property
    def number(self) -> int:
        """Number of completed steps, including this one."""
        first = self.octave * self.steps if self.first is None else self.first
        return first + self.step + 1

    @property
    def is_last(self) -> bool:
        """Whether it is the last step of the last octave."""
        return (self.octave + 1, self.step + 1) == (self.octaves, self.steps)


@dataclass(frozen=True, kw_only=True)
class DreamStep(Progress):
    """The state of a dream after one step.

    Attributes:
        image: 1×3×h×w RGB in [0, 1], the dream at the size of the octave.
        base: 1×3×h×w, the photo at the size of the octave.
        start: 1×3×H×W, the photo at full size.
        mask: 1×1×H×W, how much each pixel may change, or None.
        recipe: the recipe so far, including every change that was sent.
        rejected: why the changes that were sent before this step were reverted; empty if they were
            not.
        is_reproducible: whether the recipe alone, with the files that it names, reproduces the
            dream.
    """

    image: Tensor = field(repr=False)
    base: Tensor = field(repr=False)
    start: Tensor = field(repr=False)
    mask: Tensor | None = field(repr=False)
    recipe: Recipe = field(repr=False)
    rejected: str = ""
    is_reproducible: bool = False

    @property
    def saved_recipe(self) -> Recipe | None:
        """The recipe that reproduces this step's picture.

        It stops after this step, if that is not the last one. None if no recipe reproduces it, as
        when the dream started from a tensor, whose origin is unknown, or has an objective that is a
        function of the caller's.
        """
        if not self.is_reproducible or not self.recipe.combined_objective().is_portable:
            return None
        if self.is_last or self.recipe.stop_after == self.number:
            return self.recipe
        return self.recipe.with_settings({"stop_after": self.number})

    @property
    def grew(self) -> bool:
        """Whether the dream added anything to the photo; always True with a ``margin``."""
        return bool(self.recipe.margin) or not torch.equal(self.image, self.base)

    @property
    def detail(self) -> Tensor:
        """What the dream has added, 1×3×h×w: its image minus the photo."""
        return self.image - self.base

    def picture(self, size: Size | None = None) -> Tensor:
        """Render the dream as it would be saved, 1×3×height×width RGB in [0, 1].

        Args:
            size: (height, width); None for full size. Smaller sizes are faster, for previews.
        """
        start = self.start if size is None else resize(self.start, size)
        dream = self.image
        if dream.shape != start.shape or size is not None:
            detail = resize(self.detail, (start.shape[-2], start.shape[-1]))
            if self.mask is not None:
                detail = detail * (resize(self.mask, (start.shape[-2], start.shape[-1])) > 0)
            dream = (start + detail).clamp_(0, 1)
        return blend_by_recipe(dream, start, self.recipe)

    def to_pil(self, alpha: Tensor | None = None) -> Image.Image:
        """Render the dream as a Pillow image, which is saved with the recipe that reproduces it.

        Args:
            alpha: alpha channel to restore, 1×1×H×W in [0, 1], or None.

        Returns:
            An image of mode RGB or RGBA: a ``RecipeImage`` if there is a ``saved_recipe``.
        """
        picture = to_pil(self.picture(), alpha)
        recipe = self.saved_recipe
        return picture if recipe is None else RecipeImage.from_image(picture, recipe.to_json())

"""An octave that is being dreamt: its images, and one step of them."""

from dataclasses import dataclass

from torch import Tensor, where

from puppyslug.engine.dream_state import DreamState
from puppyslug.engine.enlarging import refines, refining_recipe
from puppyslug.engine.focus import FOCUS_INTERVAL, fade_detail, margin_mask, multiply_masks
from puppyslug.engine.variation import Variation
from puppyslug.images import resize
from puppyslug.images.colour import limit_chroma
from puppyslug.images.filters import blur
from puppyslug.images.starting_images import generate_pattern


@dataclass
class Octave:
    """An octave that is being dreamt.

    Attributes:
        index: index of the octave, from 0, the coarsest.
        image: the dream so far, 1×3×h×w RGB in [0, 1].
        base: the photo at the size of the octave, 1×3×h×w.
        mask: 1×1×h×w in [0, 1], how much each pixel may change; None for fully.
        pattern: what lies under the coarsest octave and is no detail, 1×3×h×w; None for nothing.
        fades: whether the detail of coarser octaves fades where the network does not find the
            class at this size.
        focus: where steps change the image, 1×1×h×w in [0, 1]; None for everywhere.
        completed: number of completed steps.
    """

    index: int
    image: Tensor
    base: Tensor
    mask: Tensor | None
    pattern: Tensor | None
    fades: bool
    focus: Tensor | None = None
    completed: int = 0

    @classmethod
    def start(cls, dream: DreamState) -> "Octave":
        """Start the dream's current octave from the detail so far, which the dream releases."""
        index, size = dream.octave, dream.sizes[dream.octave]
        base = dream.photo_at(index)
        fades = dream.fades and index > 0 and not refines(dream.recipe, size)
        mask = None if dream.prepared.mask is None else resize(dream.prepared.mask, size)
        pattern = _seed_pattern(dream, base, mask) if index == 0 else None
        image = _add_detail(dream, base, mask)
        if pattern is not None:
            image = image + pattern
        return cls(index, image, base, mask, pattern, fades)

    @property
    def detail(self) -> Tensor:
        """What the dream has added to the photo, 1×3×h×w."""
        detail = self.image - self.base
        return detail if self.pattern is None else detail - self.pattern

    def step(self, dream: DreamState) -> Tensor:
        """Take a step.

        Args:
            dream: the state of the dream.

        Returns:
            The scores (1,) before the step.
        """
        size, base, mask = dream.sizes[self.index], self.base, self.mask
        image, focus = self.image, self.focus
        recipe = dream.recipe.at_step(dream.frame, self.index, self.completed)
        objective = dream.objective_at(recipe, size)
        if refines(recipe, size):
            recipe = refining_recipe(recipe, size)
        if self.completed % FOCUS_INTERVAL == 0:
            focus = dream.compute_focus(image, objective, recipe)
            if focus is not None and self.completed == 0 and self.fades:
                image = base + fade_detail(image - base, focus)
        drawn = None if dream.drawn_region is None else resize(dream.drawn_region, size)
        region = multiply_masks(focus, margin_mask(image, recipe.margin), drawn)
        image, scores = dream.take_step(image, objective, recipe, self.index, mask, region)
        if recipe.soften:
            image = _soften(image, base, recipe.soften, mask)
        if recipe.palette == "natural" and recipe.colour_limit:
            limited = limit_chroma(image, base, recipe.colour_limit)
            image = limited if mask is None else where(mask > 0, limited, image)
        self.image, self.focus = image, focus
        self.completed += 1
        return scores


def _add_detail(dream: DreamState, base: Tensor, mask: Tensor | None) -> Tensor:
    """Add the dream's detail to an octave's image, and release it."""
    if dream.detail is None:
        return base
    detail = resize(dream.detail, (base.shape[-2], base.shape[-1]))
    dream.detail = None
    return base + (detail if mask is None else detail * (mask > 0))


def _seed_pattern(dream: DreamState, base: Tensor, mask: Tensor | None) -> Tensor | None:
    """Return the pattern under the coarsest octave of a still or of a film's first frame."""
    strength = Variation.of_recipe(dream.recipe).pattern
    if not strength or dream.detail is not None or dream.frame:
        return None
    size = (base.shape[-2], base.shape[-1])
    pattern = strength * generate_pattern(size, dream.recipe.seed).to(base)
    pattern = (base + pattern).clamp_(0, 1) - base  # steps clip, so the rest would stay
    return pattern if mask is None else pattern * (mask > 0)


def _soften(image: Tensor, base: Tensor, share: float, mask: Tensor | None) -> Tensor:
    """Blur a share of the detail by one pixel, except where the mask is 0."""
    detail = image - base
    softened = (base + detail.lerp(blur(detail, 1.0), share)).clamp_(0, 1)
    return softened if mask is None else where(mask > 0, softened, image)

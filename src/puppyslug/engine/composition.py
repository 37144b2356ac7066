"""The composition of a named thing: drawn in the photo at a small size, as a spectrum.

The octaves that follow refine it, so that a thing in a large picture is the thing of a small one.
"""

import torch
from torch import Tensor

from puppyslug.engine.dream_state import DreamState
from puppyslug.images import resize
from puppyslug.images.sizes import Size
from puppyslug.objectives import Objective
from puppyslug.recipe import Recipe
from puppyslug.recognition.class_maps import class_map, localise
from puppyslug.spectrum.drawing import Drawing
from puppyslug.spectrum.fourier import BRIGHTEST, DARKEST
from puppyslug.spectrum.placement import Place, find_places
from puppyslug.spectrum.settings import DrawingSettings

CUTOFFS = (0.02, 0.22)  # cycles per pixel; things in photos may be sharper than portraits
NATURAL = 15.0  # weight of the distance from the statistics of natural photographs
VARIATION = 1.0  # weight of the total variation; photos have edges of their own
MASK_FLOOR = 0.04  # of the mask around the place, so that the surroundings can adapt
MASK_INTERVAL = 10  # steps after which the mask is fitted to what has been drawn
MASK_STEPS = (0.25, 0.9)  # share of the steps between which that happens
MASK_SHARPNESS = 2.0  # see ``localise``
MASK_LOWEST = 0.08  # share of the mask that is kept where nothing has been drawn


class Composition:
    """A named thing that is being drawn in a photo.

    Attributes:
        base: the photo at the size of the composition, 1×3×h×w RGB in [0, 1].
        image: the photo with what has been drawn so far.
        scores: (1,), what is maximised, before the last step.
    """

    def __init__(self, dream: DreamState, base: Tensor) -> None:
        """Choose a place, and start.

        Args:
            dream: the state of the dream.
            base: 1×3×h×w RGB in [0, 1].
        """
        recipe, network = dream.recipe, dream.prepared.network
        self.base = self.image = base
        self.scores = base.new_zeros(1)
        self._network = network
        self._size: Size = (base.shape[-2], base.shape[-1])
        mask = dream.prepared.mask
        self._allowed = None if mask is None else resize(mask, self._size)
        self._objective = self._bound_objective(dream, recipe)
        self._places = self._choose_places(recipe)
        masks = torch.cat([place.mask(self._size, MASK_FLOOR) for place in self._places])
        self._surroundings = masks.amax(0, keepdim=True).to(base)
        self._drawing = Drawing(
            network,
            [self._objective],
            self._size,
            drawing_settings(recipe, self._places[0]),
            seed=recipe.seed,
            base=base,
        )
        self._fit_mask()

    def step(self, dream: DreamState, number: int) -> None:
        """Take a step, with the changes that apply to it.

        Args:
            dream: the state of the dream.
            number: index of the step, from 0.
        """
        recipe = dream.recipe.at_step(dream.frame, 0, number)
        self._objective = self._bound_objective(dream, recipe)
        self._drawing.replace_objectives([self._objective])
        place = self._places[number % len(self._places)]
        self._drawing.settings = drawing_settings(recipe, place)
        self.image = self._add_to_base(self._drawing.step())
        self.scores = self._drawing.scores
        dream.pixels += self._size[0] * self._size[1]
        done = (number + 1) / recipe.drawing_steps
        if (number + 1) % MASK_INTERVAL == 0 and MASK_STEPS[0] <= done < MASK_STEPS[1]:
            self._fit_mask(self.image)

    def _add_to_base(self, drawn: Tensor) -> Tensor:
        """Add what has been drawn to the photo, whose extremes a drawing cannot represent."""
        image = (self.base + drawn - self.base.clamp(DARKEST, BRIGHTEST)).clamp(0, 1)
        return image if self._allowed is None else torch.where(self._allowed > 0, image, self.base)

    @property
    def region(self) -> Tensor:
        """Where the thing has been drawn, 1×1×h×w in [0, 1]."""
        mask = self._drawing.mask
        assert mask is not None
        return ((mask - MASK_FLOOR) / (1 - MASK_FLOOR)).clamp(0, 1)

    def _bound_objective(self, dream: DreamState, recipe: Recipe) -> Objective:
        return dream.objective_at(recipe, self._size).bind(dream.terms)

    def _choose_places(self, recipe: Recipe) -> tuple[Place, ...]:
        if recipe.place is not None:
            x, y = recipe.place_position
            return (Place(y, x, recipe.extent),)
        classes = self._objective.classes
        if not classes:
            return (Place(0.5, 0.5, recipe.extent),)
        maps = class_map(self._network, self.base, classes)
        if self._allowed is not None:
            maps = _lower_outside(maps, self._allowed)
        return find_places(maps, self._size, recipe.count or 1, recipe.extent)

    def _fit_mask(self, image: Tensor | None = None) -> None:
        """Set where pixels may change: around the places, and most where the thing is seen."""
        mask = self._surroundings
        classes = self._objective.classes
        if image is not None and classes:
            seen = localise(
                class_map(self._network, image, classes), self._size, sharpness=MASK_SHARPNESS
            )
            mask = mask * (MASK_LOWEST + (1 - MASK_LOWEST) * seen / seen.max())
        self._drawing.mask = mask if self._allowed is None else mask * self._allowed


def drawing_settings(recipe: Recipe, place: Place) -> DrawingSettings:
    """Return how a recipe draws a thing at a place of a photo."""
    return DrawingSettings(
        steps=recipe.drawing_steps,
        cutoffs=CUTOFFS,
        natural=NATURAL if recipe.natural is None else recipe.natural,
        requires_statistics=recipe.natural is not None,
        variation=VARIATION,
        fidelity=recipe.fidelity,
        chroma=recipe.chroma,
        annealing=recipe.annealing,
        window=place.window(),
    )


def _lower_outside(maps: Tensor, allowed: Tensor) -> Tensor:
    """Lower a class map where the dream may not change the picture."""
    weight = resize(allowed, (maps.shape[-2], maps.shape[-1]))
    return torch.lerp(maps.amin((2, 3), keepdim=True), maps, weight)

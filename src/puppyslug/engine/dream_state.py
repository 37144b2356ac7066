"""The state of a running dream, which its steps share."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from torch import Tensor

from puppyslug.engine.balancing import balance, gradient_magnitudes
from puppyslug.engine.enlarging import refines, shrink
from puppyslug.engine.focus import compute_focus
from puppyslug.engine.octaves import plan_octaves
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.progress import DreamStep
from puppyslug.engine.step import GradientAscent
from puppyslug.engine.term_context import DreamTermContext
from puppyslug.engine.tiling import retry_with_smaller_tiles
from puppyslug.engine.variation import Variation
from puppyslug.images import resize
from puppyslug.images.sizes import Size
from puppyslug.objectives import Objective, parse_objective
from puppyslug.recipe import Recipe
from puppyslug.spectrum.settings import DrawingSettings

if TYPE_CHECKING:
    from puppyslug.engine.composition import Composition
    from puppyslug.engine.octave import Octave

T = TypeVar("T")


@dataclass
class DreamState:
    """The state of a running dream.

    Attributes:
        prepared: the inputs.
        recipe: the recipe so far, with changes and smaller tiles.
        frame: index of the film frame.
        sizes: (height, width) of each octave.
        ascent: takes the steps.
        terms: computes the targets of the objective's terms.
        draws_composition: whether the first octave is a composition, drawn as a spectrum.
        drawn_region: where the composition was drawn, 1×1×h×w in [0, 1], which is what the octaves
            after it refine; None for everywhere.
        octave: index of the current octave.
        current: what is being dreamt in it, an ``Octave`` or a ``Composition``; None before that.
        fades: whether detail of coarser octaves may fade in finer ones.
        detail: detail that the next octave starts from, or None.
        pixels: number of pixels that the network has seen in all steps so far.
        unproven: recipe and state of the random views before the changes that no step has been
            taken with yet; None if there are none.
        rejected: why the latest changes were reverted; empty if they were not.
    """

    prepared: PreparedDream
    recipe: Recipe
    frame: int
    sizes: tuple[Size, ...]
    ascent: GradientAscent
    terms: DreamTermContext
    draws_composition: bool = False
    drawn_region: Tensor | None = None
    octave: int = 0
    current: "Octave | Composition | None" = None
    fades: bool = True
    detail: Tensor | None = None
    pixels: int = 0
    _objectives: dict[tuple[str, Size], Objective] = field(default_factory=dict)
    _magnitudes: dict[str, float] = field(default_factory=dict)
    _magnitudes_octave: int = -1
    unproven: tuple[Recipe, Mapping[str, Any]] | None = None
    rejected: str = ""

    @classmethod
    def start(cls, prepared: PreparedDream, frame: int, jitter_frame: int) -> "DreamState":
        """Validate the objective, and plan the octaves."""
        recipe, network = prepared.recipe, prepared.network
        objective = recipe.combined_objective()
        objective.check(network.spec, prepared.composition_size)
        sizes = plan_octaves(recipe, objective, network.spec, prepared.size).sizes
        generator = np.random.default_rng((recipe.seed, jitter_frame))
        return cls(
            prepared,
            recipe,
            frame,
            sizes,
            GradientAscent(network, generator, prepared.executor),
            DreamTermContext(network, prepared.image, prepared.guides),
        )

    @property
    def steps(self) -> tuple[int, ...]:
        """Number of steps of each octave; the first may be a composition."""
        steps = [self.recipe.iterations] * len(self.sizes)
        if self.draws_composition:
            steps[0] = self.recipe.drawing_steps
        return tuple(steps)

    @property
    def fraction(self) -> float:
        """Completed share of the work, in [0, 1]."""
        return self.pixels / self._work

    @property
    def _work(self) -> int:
        """Number of pixels that the network sees in all steps."""
        steps, sizes, drawn = self.steps, self.sizes, 0
        if self.draws_composition:
            drawn = sum(pixels_per_view(number, steps[0]) for number in range(steps[0]))
            steps, sizes = steps[1:], sizes[1:]
        return drawn + sum(
            count * height * width for count, (height, width) in zip(steps, sizes, strict=True)
        )

    def state(self) -> dict[str, Any]:
        """Return what the next steps depend on, apart from images, as JSON."""
        return {
            "octave": self.octave,
            "pixels": self.pixels,
            "recipe": json.loads(self.recipe.to_json()),
            "generator": self.ascent.generator.bit_generator.state,
            "magnitudes": self._magnitudes,
            "magnitudes_octave": self._magnitudes_octave,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` has returned."""
        before = json.loads(self.recipe.to_json())
        changed = {
            name: value for name, value in state["recipe"].items() if value != before.get(name)
        }
        if changed:  # smaller tiles, or changes that were sent
            self.recipe = self.recipe.with_settings(changed)
        self.octave, self.pixels = int(state["octave"]), int(state["pixels"])
        self.ascent.generator.bit_generator.state = state["generator"]
        self._magnitudes = dict(state["magnitudes"])
        self._magnitudes_octave = int(state["magnitudes_octave"])

    def apply(self, changed: Recipe) -> None:
        """Go on with a changed recipe, unless the next step fails."""
        if self.unproven is None:
            self.unproven = self.recipe, self.ascent.generator.bit_generator.state
        self.recipe = changed

    def retry_without_changes(self, take_step: Callable[[], T]) -> T:
        """Take a step; if it fails after changes, revert them, and take it once more."""
        try:
            return take_step()
        except Exception as error:
            if self.unproven is None:
                raise
            self.recipe, self.ascent.generator.bit_generator.state = self.unproven
            self.unproven = None
            self.rejected = " ".join(str(error).split()) or type(error).__name__
        return take_step()

    def objective_at(self, recipe: Recipe, size: Size) -> Objective:
        """Parse a step's objective for the size of its octave."""
        key = (recipe.objective, size)
        if key not in self._objectives:
            network = self.prepared.network
            objective = parse_objective(recipe.objective, network.find_label)
            composition_size = self.prepared.composition_size
            objective = objective.scale_positions(network.spec, composition_size, size)
            emphasis = Variation.of_recipe(recipe).emphasis
            self._objectives[key] = objective.vary(recipe.seed, emphasis)
        return self._objectives[key]

    def photo_at(self, octave: int) -> Tensor:
        """Scale the photo down to an octave through all finer ones, as the notebook does.

        The octaves of a composition that is then refined start from the photo at that size.
        """
        image, sizes = self.prepared.image, self.sizes[octave:]
        composition = self.prepared.composition_size
        if refines(self.recipe, self.prepared.size) and not refines(self.recipe, sizes[0]):
            exact = self.prepared.composition
            image = shrink(image, composition) if exact is None else exact
            sizes = tuple(size for size in sizes if size[0] <= composition[0])
        for size in reversed(sizes):
            image = resize(image, size)
        return image

    def compute_focus(self, image: Tensor, objective: Objective, recipe: Recipe) -> Tensor | None:
        """Compute the focus of the next steps."""
        network, size = self.prepared.network, (image.shape[-2], image.shape[-1])
        if refines(recipe, size):
            image = shrink(image, self.prepared.composition_size)
        focus, self.recipe = retry_with_smaller_tiles(
            lambda tile: compute_focus(network, image, objective, recipe, tile),
            self.recipe,
            size,
            self.ascent.generator,
        )
        return None if focus is None else resize(focus, size)

    def take_step(
        self,
        image: Tensor,
        objective: Objective,
        recipe: Recipe,
        octave: int,
        mask: Tensor | None,
        focus: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Take a step; see ``GradientAscent.step``."""
        size = (image.shape[-2], image.shape[-1])
        objective = self._balance(objective.bind(self.terms), image, octave)
        result, self.recipe = retry_with_smaller_tiles(
            lambda tile: self.ascent.step(
                image, objective, recipe, octave=octave, mask=mask, focus=focus, tile=tile
            ),
            self.recipe,
            size,
            self.ascent.generator,
        )
        self.pixels += size[0] * size[1]
        return result

    def _balance(self, objective: Objective, image: Tensor, octave: int) -> Objective:
        """Balance the terms by their gradients at the start of the octave."""
        if self.recipe.balance == "sum" or len(objective.terms) == 1:
            return objective
        if self._magnitudes_octave != octave:
            self._magnitudes, self._magnitudes_octave = {}, octave
        new = {str(term): term for _, term in objective.terms if str(term) not in self._magnitudes}
        if new:
            magnitudes, self.recipe = retry_with_smaller_tiles(
                lambda tile: gradient_magnitudes(
                    self.prepared.network, new.values(), image, tile, self.prepared.executor
                ),
                self.recipe,
                (image.shape[-2], image.shape[-1]),
                self.ascent.generator,
            )
            self._magnitudes.update(zip(new, magnitudes, strict=True))
        return balance(objective, [self._magnitudes[str(term)] for _, term in objective.terms])

    def completed_step(
        self, octave: int, step: int, image: Tensor, base: Tensor, scores: Tensor
    ) -> DreamStep:
        """Return the state to yield after a step."""
        rejected, self.rejected, self.unproven = self.rejected, "", None
        steps = self.steps
        return DreamStep(
            octave=octave,
            octaves=len(self.sizes),
            step=step,
            steps=steps[octave],
            first=sum(steps[:octave]),
            scores=scores,
            fraction=self.fraction,
            image=image,
            base=base,
            start=self.prepared.image,
            mask=self.prepared.mask,
            recipe=self.recipe,
            rejected=rejected,
            is_reproducible=self.prepared.is_reproducible,
        )


def pixels_per_view(number: int, steps: int) -> int:
    """Return how many pixels a network sees in a step of a drawing.

    Args:
        number: index of the step, from 0.
        steps: number of steps.
    """
    return DrawingSettings(steps).view_size_at(number / steps) ** 2

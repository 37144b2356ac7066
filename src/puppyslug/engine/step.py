"""One step of gradient ascent (the notebook's ``make_step``, 2015)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from puppyslug.engine.variation import Variation
from puppyslug.engine.views import draw_view
from puppyslug.errors import ObjectiveError
from puppyslug.gradient.executor import TileExecutor, execute_locally
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.images.filters import blur, smooth_gradient
from puppyslug.images.sizes import Size
from puppyslug.networks.network import Network
from puppyslug.objectives import Objective
from puppyslug.recipe import Recipe

MAX_STEP = 10_000.0  # grey levels; any larger step also ends in black and white
CHROMA_SHARE = 0.4  # strength of the chroma relative to the luminance in the natural palette
CHROMA_WIDTH = 4.0  # width of the chroma's blur relative to the luminance's in that palette


@dataclass(frozen=True)
class GradientAscent:
    """Gradient ascent on images; what all steps of a dream share.

    Attributes:
        network: the network to evaluate.
        generator: source of the random views.
        executor: computes the gradient's tiles.
    """

    network: Network
    generator: np.random.Generator
    executor: TileExecutor = execute_locally

    def step(
        self,
        image: Tensor,
        objective: Objective,
        recipe: Recipe,
        *,
        octave: int = 0,
        mask: Tensor | None = None,
        focus: Tensor | None = None,
        tile: Size | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Change an image along the normalised gradient at a random view of it.

        With the defaults of a recipe this is the notebook's step: the image is rolled, the gradient
        divided by its mean absolute value, and the result rolled back and clipped. The notebook
        works on its network's blue-green-red values; with RGB in [0, 1] and the step size divided
        by 255 the arithmetic is the same.

        Args:
            image: N×3×H×W RGB in [0, 1].
            objective: the objective to increase.
            recipe: ``step_size`` (mean absolute change of a step, in grey levels of 255),
                ``taper``, ``jitter``, ``rescale``, ``margin``, ``smooth`` and ``palette`` apply,
                and ``seed`` with ``variety``.
            octave: index of the octave, from 0, the coarsest.
            mask: 1×1×H×W in [0, 1], share of the step that each pixel takes; pixels where it is 0
                keep their exact value. None for no mask.
            focus: 1×1×H×W in [0, 1], distribution of the step over the image; unlike the mask it
                does not lower the mean change. None for a uniform one.
            tile: (height, width) of the gradient's tiles; None for no tiling.

        Returns:
            The new image, and the scores (N,) of the previous one.

        Raises:
            ObjectiveError: the gradient overflows in the network's precision.
        """
        scores, step = self._gradient_in_view(image, objective, recipe, tile)
        if recipe.palette == "natural" and not self.network.spec.is_grey:
            step = _natural_palette(step, recipe.smooth)
        else:
            step = smooth_gradient(step, recipe.smooth)
        if focus is not None:
            step = step * focus
        mean = _mean_magnitude(step)
        if image.device.type == "cpu":
            self.check_finite(mean, objective)
        # without any activation there is no direction, and the image stays the same
        step_size = min(recipe.step_size * recipe.taper**octave, MAX_STEP)
        step *= torch.where(mean > 0, step_size / 255 / mean, 0.0)
        stepped = step.add_(image).clamp_(0, 1)
        return stepped if mask is None else torch.lerp(image, stepped, mask), scores

    def check_finite(self, values: Tensor, objective: Objective | str) -> None:
        """Check that a gradient, or the image of its steps, has not overflowed.

        On a GPU this waits for the computation, so it is done once per octave, not at every step.

        Raises:
            ObjectiveError: there are values that are not finite.
        """
        if not values.isfinite().all():
            raise ObjectiveError(
                f"{objective} overflows {self.network.precision}; use smaller weights"
            )

    def _gradient_in_view(
        self, image: Tensor, objective: Objective, recipe: Recipe, tile: Size | None
    ) -> tuple[Tensor, Tensor]:
        """Compute the scores of a random view, and their gradient with respect to the image."""
        size = (image.shape[-2], image.shape[-1])
        variation = Variation.of_recipe(recipe)
        view = draw_view(
            self.generator,
            size,
            jitter=recipe.jitter,
            rescale=recipe.rescale,
            mirrored=recipe.margin > 0,
            angle=variation.angle,
            flipped=variation.flipped,
            min_size=max(self.network.spec.layer(name).min_size for name in objective.layers),
        )
        if view.size != size:
            objective = objective.scale_positions(self.network.spec, size, view.size)
        scores, gradient = value_and_gradient(
            self.network, objective, view.apply(image), tile, self.executor
        )
        return scores, view.apply_transpose(gradient, size)


def _natural_palette(gradient: Tensor, smoothing: str) -> Tensor:
    """Blur the chroma of a gradient, because fine detail of photos is in the luminance alone."""
    light = gradient.mean(1, keepdim=True)
    chroma = gradient - light
    width = 1.0 if smoothing == "laplacian" else max(1.0, float(smoothing))
    chroma = blur(chroma, CHROMA_WIDTH / 2 * width) + 2 * blur(chroma, CHROMA_WIDTH * width)
    light = smooth_gradient(light, smoothing)
    scale = _mean_magnitude(light) / _mean_magnitude(chroma).clamp(
        min=torch.finfo(chroma.dtype).tiny
    )
    return light + CHROMA_SHARE * scale * chroma


def _mean_magnitude(values: Tensor) -> Tensor:
    """Compute the mean absolute value of each image, N×1×1×1."""
    total: Tensor = torch.linalg.vector_norm(values, 1, (1, 2, 3), keepdim=True)
    return total / values[0].numel()

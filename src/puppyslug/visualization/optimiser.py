"""The optimisation of a batch of portraits: Adam on Fourier coefficients, under random transforms.

The method is Lucid's (Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017).
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from puppyslug.errors import RecipeError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks.network import Network
from puppyslug.objectives import Batch, Objective
from puppyslug.spectrum.fourier import FourierImages
from puppyslug.visualization.drawing_options import DrawingOptions, Parameterisation
from puppyslug.visualization.inactive import RedirectedReluGradients, move_before_relu
from puppyslug.visualization.random_affine import draw_random_affine

PADDING = 12  # pixels of grey around the image, so that it can be shifted
OPACITY_PENALTY = 0.5  # weight of the mean alpha, subtracted from the score


class OptimisationSettings(NamedTuple):
    """How portraits of one kind are optimised.

    Attributes:
        decay: of the Fourier coefficients, see ``FourierImages``.
        learning_rate: smallest learning rate of Adam.
        travel: learning rate times steps that is needed to reach the result; short runs get a
            larger learning rate to cover it.
        size: default side length in pixels.
        steps: default number of steps.
    """

    decay: float
    learning_rate: float
    travel: float
    size: int
    steps: int

    def learning_rate_for(self, steps: int) -> float:
        """Compute the learning rate of a run of this many steps."""
        return max(self.learning_rate, self.travel / max(steps, self.steps))


class PortraitSettings(NamedTuple):
    """What the portraits of a batch have in common; see ``portrait_steps``."""

    size: int
    steps: int
    diversity: float
    transparent: bool
    optimisation: OptimisationSettings
    drawing: DrawingOptions = DrawingOptions()


_Result = tuple[Tensor, Tensor, Tensor | None]  # scores, RGB, alpha


def validate_settings(size: object, steps: object, seed: object, diversity: object) -> None:
    """Check the settings of portraits.

    Raises:
        RecipeError: one is no number, or out of range.
    """
    for name, value, lowest in (("size", size, 1), ("steps", steps, 1), ("seed", seed, 0)):
        if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
            raise RecipeError(f"{name} is {value!r}; use a whole number of at least {lowest}")
    is_number = isinstance(diversity, int | float) and not isinstance(diversity, bool)
    if not (is_number and 0 <= float(str(diversity)) < math.inf):
        raise RecipeError(f"diversity is {diversity!r}; use a number of at least 0")


class PortraitOptimiser:
    """Optimises a batch of images from noise.

    Attributes:
        scores: (N,), scores of the transformed images before the last step.
    """

    def __init__(
        self,
        network: Network,
        objectives: Sequence[Objective],
        settings: PortraitSettings,
        seed: int,
    ) -> None:
        self._network = network
        self._batch = Batch(tuple(objectives), settings.diversity)
        self._images = _create_images(len(objectives), settings, seed, network)
        self._transform = settings.drawing.get("transform", _shift_rotate_and_scale)
        self._adam = _create_optimiser(self._images.parameters, settings)
        self._generator = np.random.default_rng(seed)
        self.scores = torch.ones(len(objectives))

    def step(self, *, before_relu: bool = False) -> _Result:
        """Take a step.

        Args:
            before_relu: whether images whose last score was 0 are optimised before the ReLU, which
                passes no gradient there.

        Returns:
            The scores of the transformed images before the step; RGB and alpha after it.
        """

        def compute(view: Tensor) -> tuple[Tensor, Tensor]:
            batch = self._batch
            if before_relu:
                inactive = (self.scores == 0).tolist()
                batch = move_before_relu(batch, inactive, self._network.spec)
            return value_and_gradient(self._network, batch, view)

        return self._ascend(compute)

    def search_step(self) -> _Result:
        """Take a step as ``step`` does; images that score 0 are always optimised before ReLUs.

        Other than ``step``, it does so in networks that have no layers before their ReLUs, too.
        """

        def compute(view: Tensor) -> tuple[Tensor, Tensor]:
            scores, gradient = value_and_gradient(self._network, self._batch, view)
            inactive = scores == 0
            if inactive.any():
                batch = move_before_relu(self._batch, inactive.tolist(), self._network.spec)
                with RedirectedReluGradients():
                    _, redirected = value_and_gradient(self._network, batch, view)
                gradient = torch.where(inactive[:, None, None, None], redirected, gradient)
            return scores, gradient

        return self._ascend(compute)

    def _ascend(self, compute: Callable[[Tensor], tuple[Tensor, Tensor]]) -> _Result:
        rgb, alpha = self._images.decode()
        opaque = rgb
        if alpha is not None:
            opaque = rgb.lerp(_random_background(rgb, self._generator), 1 - alpha)
        view = self._transform(opaque, self._generator)
        self.scores, gradient = compute(view.detach())
        _ascend(self._adam, view, gradient, self.scores, alpha)
        with torch.no_grad():
            return self.scores, *self._images.decode()


def _create_images(
    count: int, settings: PortraitSettings, seed: int, network: Network
) -> Parameterisation:
    generator, size = torch.Generator().manual_seed(seed), (settings.size, settings.size)
    if "parameterisation" in settings.drawing:
        return settings.drawing["parameterisation"](count, size, generator)
    images = FourierImages(
        count,
        size,
        generator,
        decay=settings.drawing.get("decay", settings.optimisation.decay),
        transparent=settings.transparent,
        device=network.device,
    )
    if network.spec.is_grey:
        images.restrict_to_grey()
    if "start" in settings.drawing:
        images.encode(settings.drawing["start"])
    return images


def _create_optimiser(
    parameters: Sequence[Tensor], settings: PortraitSettings
) -> torch.optim.Optimizer:
    if "optimiser" in settings.drawing:
        return settings.drawing["optimiser"](parameters)
    rate = settings.optimisation.learning_rate_for(settings.steps)
    return torch.optim.Adam(parameters, lr=settings.drawing.get("learning_rate", rate))


def _shift_rotate_and_scale(images: Tensor, generator: np.random.Generator) -> Tensor:
    return draw_random_affine(generator, PADDING).apply(images)


def _ascend(
    optimiser: torch.optim.Optimizer,
    view: Tensor,
    gradient: Tensor,
    scores: Tensor,
    alpha: Tensor | None,
) -> None:
    """Take one step, backpropagating through the transform and the Fourier coefficients.

    Each image's gradient is divided by its mean magnitude, so that all learn at the same rate.
    """
    optimiser.zero_grad()
    mean = gradient.abs().mean((1, 2, 3), keepdim=True)
    gradient = gradient / torch.where(mean > 0, mean, 1.0)
    if alpha is None:
        torch.autograd.backward([view], [-gradient])  # negative: optimisers descend
    else:
        penalty = OPACITY_PENALTY * alpha.numel() / len(alpha) * torch.ones_like(scores)
        torch.autograd.backward([view, alpha.mean((1, 2, 3))], [-gradient, penalty])
    optimiser.step()


def _random_background(images: Tensor, generator: np.random.Generator) -> Tensor:
    """Draw a background for each image: a random colour with smooth noise."""
    colour = torch.from_numpy(generator.random((len(images), 3, 1, 1), np.float32))
    noise = torch.from_numpy(generator.random((len(images), 3, 8, 8), np.float32))
    noise = torch.nn.functional.interpolate(noise, images.shape[-2:], mode="bilinear")
    return (colour.lerp(noise, 0.5)).to(images)

"""One step up the gradient (the notebook's ``make_step``, 2015)."""

import numpy as np
import torch
from torch import Tensor

from puppyslug.engine.views import draw_view
from puppyslug.errors import ObjectiveError
from puppyslug.gradient.gradient import Gradient, value_and_gradient
from puppyslug.images.filters import blur, smooth
from puppyslug.networks.network import Network
from puppyslug.objectives import Objective
from puppyslug.recipe.recipe import Recipe

MAX_STEP = 10_000.0  # grey levels; more says nothing more than black and white
CHROMA_SHARE = 0.4  # of the light's strength that colours get in the natural palette
CHROMA_WIDTH = 4.0  # how much coarser colours are than light there


def ascend(
    image: Tensor,
    objective: Objective,
    network: Network,
    recipe: Recipe,
    *,
    octave: int = 0,
    generator: np.random.Generator,
    mask: Tensor | None = None,
    focus: Tensor | None = None,
    tile: tuple[int, int] | None = None,
    gradient: Gradient = value_and_gradient,
) -> tuple[Tensor, Tensor]:
    """Look at the picture from a random view, and step along the shaped, normalised gradient.

    With the defaults of a recipe this is the notebook's step: the picture is rolled, the gradient
    divided by its mean absolute value, the picture rolled back and clipped. The notebook does this
    on its network's own blue-green-red values; with colours in [0, 1] and the step divided by 255
    it is the same arithmetic.

    Args:
        image: N×3×H×W RGB in [0, 1].
        objective: what to see more of.
        network: what looks at the picture.
        recipe: ``step_size`` (mean absolute change of a step, in grey levels of 255), ``taper``,
            ``jitter``, ``rescale``, ``margin``, ``smooth`` and ``palette`` are looked at.
        octave: which octave, counted from 0, the coarsest.
        generator: where the view comes from.
        mask: 1×1×H×W in [0, 1], how much of the step each pixel takes; where it is 0 the pixel
            stays as it is to the bit. None for all of it.
        focus: 1×1×H×W in [0, 1], where the step goes; unlike the mask it takes nothing from the
            mean change. None for everywhere.
        tile: (height, width) of the tiles to compute the gradient in; None for the whole at once.
        gradient: stands in for ``value_and_gradient``.

    Returns:
        The new picture, and the scores (N,) of the one before.

    Raises:
        ObjectiveError: the gradient is too large for the network's precision.
    """
    size = (image.shape[-2], image.shape[-1])
    view = draw_view(
        generator,
        size,
        jitter=recipe.jitter,
        rescale=recipe.rescale,
        mirrored=recipe.margin > 0,
        smallest=max(network.spec.layer(name).smallest for name in objective.layers),
    )
    if view.size != size:
        objective = objective.moved(network.spec, size, view.size)
    scores, step = gradient(network, objective, view.of(image), tile)
    step = view.back(step, size)
    if recipe.palette == "natural":
        step = _natural(step, recipe.smooth)
    else:
        step = smooth(step, recipe.smooth)
    if focus is not None:
        step = step * focus
    mean = _mean(step)
    if not mean.isfinite().all():
        raise ObjectiveError(f"{objective} overflows {network.precision}; use smaller weights")
    # a picture without any response has no direction to go: it stays as it is
    step_size = min(recipe.step_size * recipe.taper**octave, MAX_STEP)
    step *= torch.where(mean > 0, step_size / 255 / mean, 0.0)
    stepped = step.add_(image).clamp_(0, 1)
    return stepped if mask is None else torch.lerp(image, stepped, mask), scores


def _natural(gradient: Tensor, how: str) -> Tensor:
    """Light as it is, colours softer: photographs, too, have their fine detail in light alone."""
    light = gradient.mean(1, keepdim=True)
    chroma = gradient - light
    width = 1.0 if how == "laplacian" else max(1.0, float(how))
    chroma = blur(chroma, CHROMA_WIDTH / 2 * width) + 2 * blur(chroma, CHROMA_WIDTH * width)
    light = smooth(light, how)
    scale = _mean(light) / _mean(chroma).clamp(min=torch.finfo(chroma.dtype).tiny)
    return light + CHROMA_SHARE * scale * chroma


def _mean(values: Tensor) -> Tensor:
    """Mean absolute value of each picture, N×1×1×1."""
    total: Tensor = torch.linalg.vector_norm(values, 1, (1, 2, 3), keepdim=True)
    return total / values[0].numel()

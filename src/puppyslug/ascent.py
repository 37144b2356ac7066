"""One step up the gradient (the notebook's ``make_step``, 2015)."""

import numpy as np
import torch
from torch import Tensor

from puppyslug.errors import ObjectiveError
from puppyslug.gradient import Gradient, value_and_gradient
from puppyslug.networks.network import Network
from puppyslug.objectives import Objective


def ascend(
    image: Tensor,
    objective: Objective,
    network: Network,
    *,
    step_size: float,
    jitter: int,
    generator: np.random.Generator,
    mask: Tensor | None = None,
    tile: tuple[int, int] | None = None,
    gradient: Gradient = value_and_gradient,
) -> tuple[Tensor, Tensor]:
    """Shift the picture, step along the normalised gradient, shift it back and clip it.

    The notebook does this on its network's own blue-green-red values; with colours in [0, 1] and
    the step divided by 255 it is the same arithmetic.

    Args:
        image: N×3×H×W RGB in [0, 1].
        objective: what to see more of.
        network: what looks at the picture.
        step_size: mean absolute change of a step, in grey levels of 255.
        jitter: the picture is rolled by up to this many pixels along x and y.
        generator: where the jitter comes from; two draws a step.
        mask: 1×1×H×W in [0, 1], how much of the step each pixel takes; where it is 0 the pixel
            stays as it is to the bit. None for all of it.
        tile: (height, width) of the tiles to compute the gradient in; None for the whole at once.
        gradient: stands in for ``value_and_gradient``.

    Returns:
        The new picture, and the scores (N,) of the one before.

    Raises:
        ObjectiveError: the gradient is too large for the network's precision.
    """
    shift_x, shift_y = (int(shift) for shift in generator.integers(-jitter, jitter + 1, 2))
    rolled = image.roll((shift_y, shift_x), (2, 3))
    scores, step = gradient(network, objective, rolled, tile)
    del rolled
    mean = torch.linalg.vector_norm(step, 1, (1, 2, 3), keepdim=True) / step[0].numel()
    if not mean.isfinite().all():
        raise ObjectiveError(f"{objective} overflows {network.precision}; use smaller weights")
    # a picture without any response has no direction to go: it stays as it is
    step *= torch.where(mean > 0, step_size / 255 / mean, 0.0)
    stepped = step.roll((-shift_y, -shift_x), (2, 3)).add_(image).clamp_(0, 1)
    return stepped if mask is None else torch.lerp(image, stepped, mask), scores

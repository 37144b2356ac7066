"""Score and gradient of an objective at a picture."""

from typing import Protocol

import torch
from torch import Tensor

from puppyslug.networks.network import Network
from puppyslug.objectives import Objective


class Gradient(Protocol):
    """Anything that can stand in for ``value_and_gradient``."""

    def __call__(
        self, network: Network, objective: Objective, image: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See ``value_and_gradient``."""


def value_and_gradient(
    network: Network, objective: Objective, image: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute how well a picture meets an objective, and in which direction lies more of it.

    Args:
        network: what looks at the picture.
        objective: what to score.
        image: N×3×H×W RGB in [0, 1].

    Returns:
        The scores, float32 of shape (N,), and their gradient with respect to the picture,
        float32 N×3×H×W.
    """
    image = image.detach().requires_grad_()
    with torch.enable_grad():
        scores = objective.score(network.activations(image, objective.layers))
        (gradient,) = torch.autograd.grad(scores.sum(), image)
    return scores.detach(), gradient

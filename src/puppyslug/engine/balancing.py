"""Balance of an objective's terms: equal weights change the image equally.

Gradients of layers differ by orders of magnitude, so that in a plain sum one of them takes all.
"""

from collections.abc import Collection

from torch import Tensor

from puppyslug.gradient.executor import TileExecutor, execute_locally
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.images.sizes import Size
from puppyslug.networks.network import Network
from puppyslug.objectives import Objective, Term


def gradient_magnitudes(
    network: Network,
    terms: Collection[Term],
    image: Tensor,
    tile: Size | None = None,
    executor: TileExecutor = execute_locally,
) -> list[float]:
    """Compute the mean absolute value of each term's gradient with respect to an image.

    Args:
        network: the network to evaluate.
        terms: bound terms.
        image: 1×3×H×W RGB in [0, 1].
        tile: (height, width) of the tiles; None for no tiling.
        executor: evaluates the tiles.
    """
    magnitudes = []
    for term in terms:
        alone = Objective(((1.0, term),))
        gradient = value_and_gradient(network, alone, image, tile, executor)[1]
        magnitudes.append(float(gradient.abs().mean()))
    return magnitudes


def balance(objective: Objective, magnitudes: Collection[float]) -> Objective:
    """Divide the weight of each term by the magnitude of its gradient.

    The term with the smallest gradient keeps its weight. Terms without any gradient, and thus
    without effect, keep theirs, too.

    Args:
        objective: the objective.
        magnitudes: of its terms, in order, each at least 0.
    """
    smallest = min((one for one in magnitudes if one > 0), default=1.0)
    factors = (smallest / one if one > 0 else 1.0 for one in magnitudes)
    return Objective(
        tuple(
            (weight * factor, term)
            for (weight, term), factor in zip(objective.terms, factors, strict=True)
        )
    )

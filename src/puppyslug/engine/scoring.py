"""The score that a finished picture, or any other, has for an objective."""

import torch
from torch import Tensor

from puppyslug.engine.term_context import DreamTermContext
from puppyslug.errors import ImageError
from puppyslug.images.reader import ImageSource, LoadedImage, read_image
from puppyslug.images.tensors import as_image_tensor
from puppyslug.isolation.torch_state import isolated
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network, require_network
from puppyslug.objectives import Objective
from puppyslug.objectives.conversion import as_objective
from puppyslug.recipe import defaults


@isolated
def score(
    objective: Objective | str,
    source: ImageSource | LoadedImage | Tensor,
    network: Network | str = defaults.NETWORK,
) -> float:
    """Compute the score of an image, such as a finished dream, for an objective.

    It is the value of the formula in ``docs/objectives.md`` for the image as it is, so images that
    were dreamt with other settings, seeds or objectives can be compared. The scores of a dream's
    steps are those of its octaves, before each step; seeds and balanced weights change them, too.

    Args:
        objective: as an object or as text. It has no guide.
        source: an image file, a Pillow image, what ``load_image`` returns, or 1×3×H×W RGB in
            [0, 1].
        network: the network to evaluate, loaded or by name.

    Returns:
        The score; its range is that of the objective.

    Raises:
        ImageError: the image cannot be read, or is too small for a layer.
        NetworkError: no such network or layer.
        ObjectiveError: no such channel, position or class; or an objective with a guide.
    """
    objective = as_objective(objective)
    if isinstance(network, str):
        network = load_network(network)
    require_network(network)
    if isinstance(source, Tensor | LoadedImage):
        image = as_image_tensor(source)
    else:
        image = read_image(source).image
    image = image.to(network.device)
    height, width = image.shape[-2:]
    objective = objective.resolve_labels(network.find_label)
    objective.check(network.spec, (height, width))
    for layer in map(network.spec.layer, objective.layers):
        if min(height, width) < layer.min_size:
            raise ImageError(
                f"the image of {width}×{height} is too small for {layer.name}, which needs "
                f"{layer.min_size} pixels; use a larger one, or a lower layer"
            )
    context = DreamTermContext(network, image, {})
    bound = objective.resolve(context).bind(context)
    maps = {name: context.activation_map(name) for name in bound.layers}
    with torch.no_grad():
        return float(bound.score(maps))

"""Heads that are pooling and a linear layer, so that there is a class map.

Where the logits are a linear function of a layer's mean over all positions, they are the mean of
that function at every position (Zhou et al., "Learning Deep Features for Discriminative
Localization", 2015, arXiv:1512.04150). How a module computes its logits cannot be read off it. So
it is run on a random image, and every such combination of a layer and a linear submodule is
compared with the logits.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from puppyslug.networks.external.hooks import run_with_hooks
from puppyslug.networks.external.module_shapes import ModuleShapes
from puppyslug.networks.external.output_format import OutputFormat
from puppyslug.networks.external.outputs import OutputId
from puppyslug.networks.specs import LayerSpec

TOLERANCE = 1e-3  # relative to the largest logit


class PooledHead(NamedTuple):
    """How the class map follows from a layer.

    Attributes:
        layer: name of the layer below pooling.
        linear: dotted name of the linear layer; empty if the layer itself is the class map.
        relu: whether there is a ReLU between the layer and pooling.
    """

    layer: str
    linear: str
    relu: bool

    def compute(self, features: Tensor, module: nn.Module) -> Tensor:
        """Compute the class map, N×classes×h×w, from the layer's activation N×C×h×w."""
        if self.relu:
            features = features.relu()
        if not self.linear:
            return features
        linear = module.get_submodule(self.linear)
        weight, bias = linear.weight, linear.bias
        assert isinstance(weight, Tensor)
        assert bias is None or isinstance(bias, Tensor)
        return conv2d(features, weight.reshape(*weight.shape[:2], 1, 1), bias)


def find_pooled_head(
    shapes: ModuleShapes,
    layers: Mapping[str, LayerSpec],
    formats: Mapping[str, OutputFormat],
    logits: OutputId,
) -> PooledHead | None:
    """Find out whether the head is pooling and linear.

    Args:
        shapes: of the module.
        layers: by name.
        formats: of the layers that may be below pooling, lowest first.
        logits: which output is the logits.

    Returns:
        The head, or None if the logits are no vector, or computed otherwise.
    """
    side = shapes.side
    maps = {
        name: one
        for name, one in formats.items()
        if min(layers[name].output_size((side, side))) > 1
    }
    outputs: dict[OutputId, Tensor] = {}
    paths = list(dict.fromkeys([*(one.path for one in maps.values()), logits.path]))
    try:
        with torch.no_grad():
            run_with_hooks(shapes.module, paths, shapes.random_image(side), outputs.__setitem__)
    except Exception:  # external code may raise anything
        return None
    expected = outputs[logits].float()
    if expected[0].numel() != expected.shape[1]:
        return None
    for name, one in reversed(maps.items()):
        output = outputs[OutputId(one.path, one.key)]
        features = one.to_map(output, layers[name].output_size((side, side)))
        for head in _possible_heads(shapes.module, name, features.shape[1], expected.shape[1]):
            class_map = head.compute(features, shapes.module).float()
            error = (class_map.mean((2, 3)) - expected.flatten(1)).abs().max()
            is_constant = class_map.std((2, 3)).max() <= TOLERANCE * expected.abs().max()
            if error <= TOLERANCE * expected.abs().max() and not is_constant:
                return head
    return None


def _possible_heads(
    module: nn.Module, layer: str, channels: int, classes: int
) -> Iterator[PooledHead]:
    linear = [
        name
        for name, part in module.named_modules()
        if isinstance(weight := getattr(part, "weight", None), Tensor)
        and weight.dim() in (2, 4)
        and weight.shape[:2] == (classes, channels)
        and weight[0].numel() == channels
    ]
    for name in [*linear, *([""] if channels == classes else [])]:
        for relu in (False, True):
            yield PooledHead(layer, name, relu)

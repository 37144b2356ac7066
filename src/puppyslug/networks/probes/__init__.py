"""Linear probes: classifiers of networks that were trained, or are distributed, without one.

Each file holds ``weight`` (classes × channels) and ``bias`` (classes) in float16, and in its
metadata the hash of the weights that it was fitted to, how it was fitted and its licence.
``tools/fit_probe.py`` makes them.
"""

from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from puppyslug.networks.architectures import Architecture
from puppyslug.networks.specs import CLASS_MAP, LinearProbe

_FOLDER = Path(__file__).parent


def load_probe(probe: LinearProbe) -> nn.Conv2d:
    """Load a probe as a 1×1 convolution in float32, to apply it at every position.

    The mean of its output over all positions is the prediction for the image.
    """
    with safe_open(_FOLDER / probe.file, framework="pt") as file:
        weight, bias = (file.get_tensor(name).float() for name in ("weight", "bias"))
    with torch.device("meta"):
        convolution = nn.Conv2d(weight.shape[1], weight.shape[0], 1)
    state = {"weight": weight[:, :, None, None], "bias": bias}
    convolution.load_state_dict(state, assign=True)
    return convolution.requires_grad_(False)


class ProbedArchitecture(Architecture):
    """An architecture with a linear probe, whose output is the class map."""

    def __init__(self, base: Architecture, probe: LinearProbe) -> None:
        """Add a probe to an architecture that has its weights."""
        super().__init__()
        self.base = base
        self.probe = load_probe(probe)
        self._layer = probe.layer

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """See ``Architecture.iter_layers``; the class map comes last."""
        if CLASS_MAP not in targets:
            yield from self.base.iter_layers(x, targets)
            return
        for name, activation in self.base.iter_layers(x, targets | {self._layer}):
            if name == self._layer:
                probed = activation
            yield name, activation
        yield CLASS_MAP, self.probe(probed)

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See ``Architecture.convert_state_dict``; the probe has a file of its own."""
        return self.base.convert_state_dict(weights)

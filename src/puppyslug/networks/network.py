"""A loaded network: activations of a picture by layer name, no deeper than asked for."""

from collections.abc import Collection

import torch
from torch import Tensor

from puppyslug.networks.families import Family
from puppyslug.networks.kernels import Convolution
from puppyslug.networks.records import NetworkRecord

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Network:
    """A network with its weights, ready to look at pictures.

    Attributes:
        record: what is known of it.
        weights_name: the weights file's name.
        weights_sha256: the weights file's hash.
        precision: ``"float32"`` or ``"bfloat16"``, what it computes in.
        device: where it computes.
        winograd_from: fewest channels for which 3×3 convolutions go by Winograd's method; 0 for
            none.
    """

    def __init__(
        self,
        record: NetworkRecord,
        family: Family,
        *,
        weights_name: str = "",
        weights_sha256: str = "",
        precision: str = "float32",
        device: str = "cpu",
        winograd_from: int = 0,
    ) -> None:
        self.record = record
        self.weights_name = weights_name
        self.weights_sha256 = weights_sha256
        self.precision = precision
        self.winograd_from = winograd_from
        self.device = torch.device(device)
        self._family = family.eval().requires_grad_(False)
        for module in self._family.modules():
            if isinstance(module, Convolution):
                module.freeze(
                    device=self.device, dtype=DTYPES[precision], winograd_from=winograd_from
                )
        self._family.to(device=self.device, dtype=DTYPES[precision])
        for parameter in self._family.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        std = torch.tensor(record.std).reshape(1, 3, 1, 1)
        self._scale = (record.scale / std).to(self.device)
        self._offset = (torch.tensor(record.mean).reshape(1, 3, 1, 1) / std).to(self.device)

    def activations(self, image: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Compute the layers asked for, and none above the highest of them.

        Args:
            image: N×3×H×W RGB in [0, 1]; gradients flow back to it.
            layers: names of layers.

        Returns:
            Activations, N×C×h×w in the network's precision, by name.

        Raises:
            NetworkError: there is no such layer.
        """
        wanted = {self.record.layer(name).name for name in layers}
        found: dict[str, Tensor] = {}
        for name, activation in self._family.layers(self._own_space(image), wanted):
            if name in wanted:
                found[name] = activation
                if len(found) == len(wanted):
                    break
        return found

    def _own_space(self, image: Tensor) -> Tensor:
        """The picture as the network was trained on: colour order, scale, mean, precision."""
        if self.record.bgr:
            image = image.flip(1)
        return (image * self._scale - self._offset).to(
            DTYPES[self.precision], memory_format=torch.channels_last
        )

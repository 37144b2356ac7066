"""A loaded network: activations of a picture by layer name, no deeper than asked for."""

import functools
from collections.abc import Collection
from pathlib import Path

import torch
from torch import Tensor

from puppyslug.errors import WeightsError
from puppyslug.networks.families import FAMILIES, Family
from puppyslug.networks.kernels import Convolution
from puppyslug.networks.records import NetworkRecord
from puppyslug.networks.registry import find_record
from puppyslug.networks.resolving import resolve_device, resolve_precision, resolve_winograd
from puppyslug.networks.weights import file_sha256, fill, packaged_path

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


def load_network(
    name: str,
    *,
    weights: str | Path | None = None,
    precision: str = "auto",
    device: str = "auto",
    winograd: int | str = "auto",
) -> Network:
    """Load a network, once per process for each set of arguments.

    Args:
        name: a network's name, as ``list_networks`` gives them.
        weights: a weights file instead of the one that the install brought.
        precision: ``"float32"``, ``"bfloat16"``, or ``"auto"`` for what the processor is fast at.
        device: ``"cpu"``, ``"cuda"``, ``"mps"``, or ``"auto"`` for a GPU where there is one.
        winograd: fewest channels for which 3×3 convolutions go by Winograd's method, 0 for none,
            or ``"auto"`` for what is faster here.

    Raises:
        NetworkError: unknown network.
        WeightsError: weights that are missing, damaged or of another network.
    """
    record = find_record(name)
    path = None if weights is None else Path(weights)
    device = resolve_device(device)
    precision = resolve_precision(precision, device)
    return _load(record, path, precision, device, resolve_winograd(winograd, precision, device))


@functools.cache
def _load(
    record: NetworkRecord, weights: Path | None, precision: str, device: str, winograd_from: int
) -> Network:
    path = packaged_path(record.weights) if weights is None else weights
    if not path.is_file():
        raise WeightsError(f"the weights {path} do not exist, or are no file; check the name")
    sha256 = file_sha256(path)
    if weights is None and sha256 != record.weights.sha256:
        raise WeightsError(
            f"{path} is damaged or from another release of {record.weights.package}; reinstall "
            "with the constraints file"
        )
    with torch.device("meta"):  # no time lost on random weights that are replaced at once
        family = FAMILIES[record.family](record)
    fill(family, record, path)
    return Network(
        record,
        family,
        weights_name=path.name.encode("utf-8", "replace").decode(),
        weights_sha256=sha256,
        precision=precision,
        device=device,
        winograd_from=winograd_from,
    )

"""Loading networks and ensembles, once per process for each set of choices."""

import functools
from pathlib import Path

import torch

from puppyslug.errors import WeightsError
from puppyslug.networks.ensemble import Ensemble
from puppyslug.networks.families import FAMILIES
from puppyslug.networks.network import Network
from puppyslug.networks.records import NetworkRecord
from puppyslug.networks.registry import find_record
from puppyslug.networks.resolving import resolve_device, resolve_precision, resolve_winograd
from puppyslug.networks.weights import file_sha256, fill, packaged_path


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
    if record.members and weights is not None:
        raise WeightsError(f"{record.name} is several networks; a weights file is for one")
    path = None if weights is None else Path(weights)
    device = resolve_device(device)
    precision = resolve_precision(precision, device)
    return _load(record, path, precision, device, resolve_winograd(winograd, precision, device))


@functools.cache
def _load(
    record: NetworkRecord, weights: Path | None, precision: str, device: str, winograd_from: int
) -> Network:
    if record.members:
        members = [_load(one, None, precision, device, winograd_from) for one in record.members]
        return Ensemble(record, members)
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

"""Networks with random weights, for tests of what does not depend on weights."""

import functools
import math

import torch

from puppyslug.networks import NetworkRecord, find_record
from puppyslug.networks.families import FAMILIES, Family
from puppyslug.networks.network import Network


def random_family(record: NetworkRecord, seed: int = 4) -> Family:
    """A family whose activations neither fade nor grow from layer to layer."""
    with torch.device("meta"):
        family = FAMILIES[record.family](record)
    family.to_empty(device="cpu").requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for parameter in family.parameters():
        if parameter.dim() == 4:
            parameter.normal_(0, math.sqrt(2 / parameter[0].numel()), generator=generator)
        else:
            parameter.uniform_(-0.1, 0.1, generator=generator)
    return family


@functools.lru_cache(maxsize=2)
def _family(family: str, _structure: object, _classes: int, name: str) -> Family:
    return random_family(find_record(name))


def random_network(name: str, precision: str = "float32", winograd_from: int = 0) -> Network:
    """A network of the registry; those of one structure share their weights, so use one only."""
    record = find_record(name)
    twins = [r for r in _records() if _structure(r) == _structure(record)]
    family = _family(*_structure(record), twins[0].name)
    return Network(record, family, precision=precision, winograd_from=winograd_from)


def _structure(record: NetworkRecord) -> tuple[str, object, int]:
    return record.family, record.structure, record.classes


def _records() -> tuple[NetworkRecord, ...]:
    from puppyslug.networks import list_networks

    return list_networks()


def structures() -> list[NetworkRecord]:
    """One record of every structure in the registry."""
    return list({_structure(record): record for record in reversed(_records())}.values())[::-1]

"""Networks with random weights, for tests of what does not depend on weights."""

import functools
import math

import torch

from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.networks.architectures import ARCHITECTURES, Architecture
from puppyslug.networks.network import Network


def random_family(spec: NetworkSpec, seed: int = 4) -> Architecture:
    """A family whose activations neither fade nor grow from layer to layer."""
    with torch.device("meta"):
        architecture = ARCHITECTURES[spec.architecture](spec)
    architecture.to_empty(device="cpu").requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for parameter in architecture.parameters():
        if parameter.dim() == 4:
            parameter.normal_(0, math.sqrt(2 / parameter[0].numel()), generator=generator)
        else:
            parameter.uniform_(-0.1, 0.1, generator=generator)
    return architecture


@functools.lru_cache(maxsize=2)
def _architecture(architecture: str, _structure: object, _classes: int, name: str) -> Architecture:
    return random_family(find_spec(name))


def random_network(name: str, precision: str = "float32", winograd_from: int = 0) -> Network:
    """A network of the registry; those of one structure share their weights, so use one only."""
    spec = find_spec(name)
    twins = [r for r in _records() if _structure(r) == _structure(spec)]
    architecture = _architecture(*_structure(spec), twins[0].name)
    return Network(spec, architecture, precision=precision, winograd_from=winograd_from)


def _structure(spec: NetworkSpec) -> tuple[str, object, int]:
    return spec.architecture, spec.structure, spec.classes


def _records() -> tuple[NetworkSpec, ...]:
    from puppyslug.networks import list_networks

    return list_networks()


def structures() -> list[NetworkSpec]:
    """One record of every structure in the registry."""
    return list({_structure(spec): spec for spec in reversed(_records())}.values())[::-1]

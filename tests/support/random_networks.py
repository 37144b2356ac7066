"""Networks with random weights, for tests that do not depend on the weights."""

import functools
import math

import pytest
import torch

from puppyslug.networks import NetworkSpec, find_spec, list_networks
from puppyslug.networks.architectures import Architecture, create_architecture
from puppyslug.networks.kernels import DIRECT, ConvolutionMethod
from puppyslug.networks.network import Network
from puppyslug.networks.probes import ProbedArchitecture


def random_architecture(spec: NetworkSpec, seed: int = 4) -> Architecture:
    """An architecture with random weights that keep the variance of activations constant."""
    architecture = create_architecture(spec, device="meta")
    architecture.to_empty(device="cpu").requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for parameter in architecture.parameters():
        if parameter.dim() == 4:
            parameter.normal_(0, math.sqrt(2 / parameter[0].numel()), generator=generator)
        else:
            parameter.uniform_(-0.1, 0.1, generator=generator)
    return architecture


@functools.lru_cache(maxsize=2)
def _cached_architecture(
    architecture: str, _structure: object, _classes: int, name: str
) -> Architecture:
    return random_architecture(find_spec(name))


def random_network(
    name: str, precision: str = "float32", convolution: ConvolutionMethod = DIRECT
) -> Network:
    """A registered network with random weights, which networks of one structure share."""
    spec = find_spec(name)
    same = [other for other in list_networks() if _structure(other) == _structure(spec)]
    architecture = _cached_architecture(*_structure(spec), same[0].name)
    if spec.probe:
        architecture = ProbedArchitecture(architecture, spec.probe)
    return Network(spec, architecture, precision=precision, convolution=convolution)


def _structure(spec: NetworkSpec) -> tuple[str, object, int]:
    return spec.architecture, spec.structure, spec.trained_classes


def structures() -> list[NetworkSpec]:
    """One spec for each different structure in the registry."""
    return list({_structure(spec): spec for spec in reversed(list_networks())}.values())[::-1]


def structure_parameters() -> list[object]:
    """``structures`` as parameters of tests; VGG-16 is slow, and a shorter VGG-19."""
    return [
        pytest.param(spec, id=spec.name, marks=[pytest.mark.slow] if spec.name == "vgg16" else [])
        for spec in structures()
    ]

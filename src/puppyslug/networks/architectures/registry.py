"""The registry of architectures, whose modules are imported only when they are needed."""

import importlib
from collections.abc import Callable
from typing import TypeVar

import torch

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.specs import NetworkSpec

Factory = Callable[[NetworkSpec], Architecture]
F = TypeVar("F", bound=Factory)

_factories: dict[str, Factory] = {}


def register_architecture(name: str) -> Callable[[F], F]:
    """Return a class decorator that registers an architecture.

    Args:
        name: of the architecture and of its module, as in ``NetworkSpec.architecture``.
    """

    def register(factory: F) -> F:
        _factories[name] = factory
        return factory

    return register


def create_architecture(spec: NetworkSpec, *, device: str = "cpu") -> Architecture:
    """Create a network's architecture, importing its module if need be.

    Args:
        spec: of the network.
        device: of its parameters, which are uninitialised; ``"meta"`` allocates none.
    """
    if spec.architecture not in _factories:
        importlib.import_module(f"puppyslug.networks.architectures.{spec.architecture}")
    with torch.device(device):
        return _factories[spec.architecture](spec.without_probe())

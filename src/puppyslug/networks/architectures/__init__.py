"""Architectures: one module for each family of networks.

A module computes the layers of its family and converts its weights files. It registers its class
under the module's own name, and is imported when a network of that architecture is loaded. The
other modules are what architectures are written with: ``architecture`` (the base class),
``layers``, ``dense_head``, ``local_response_norm`` and ``conversion`` (of weights).
"""

from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.registry import create_architecture, register_architecture

__all__ = ["Architecture", "create_architecture", "register_architecture"]

"""Specs: descriptions of networks that need neither torch nor weights.

One module for each family (``alexnet``, ``vgg``, …) registers its networks when it is imported.
The other modules are what those are written with: ``spec`` and ``layers`` (the data classes),
``weights_source`` (where weights come from), ``pretrained`` (the inputs that torchvision's and
Caffe's weights expect) and ``ensemble``. Nothing here imports torch.
"""

from puppyslug.networks.specs.ensemble import NAME_SEPARATOR, combine_specs, split_network_names
from puppyslug.networks.specs.layer_geometry import (
    GLOBAL_STRIDE,
    LayerGeometry,
    LayerSpec,
    LayerTable,
)
from puppyslug.networks.specs.spec import CLASS_MAP, FinetunedHead, LinearProbe, NetworkSpec
from puppyslug.networks.specs.weights_source import LocalFile, PackagedWeights, RemoteFile

__all__ = [
    "CLASS_MAP",
    "GLOBAL_STRIDE",
    "NAME_SEPARATOR",
    "FinetunedHead",
    "LayerGeometry",
    "LayerSpec",
    "LayerTable",
    "LinearProbe",
    "LocalFile",
    "NetworkSpec",
    "PackagedWeights",
    "RemoteFile",
    "combine_specs",
    "split_network_names",
]

"""Records of networks: one file a family. Nothing here imports torch."""

from puppyslug.networks.specs.alexnet import ALEXNET
from puppyslug.networks.specs.efficientnet import (
    EFFICIENTNET_LITE0,
    EFFICIENTNET_LITE1,
    EFFICIENTNET_LITE2,
)
from puppyslug.networks.specs.ensemble import JOIN, combine, names_in
from puppyslug.networks.specs.googlenet import GOOGLENET, GOOGLENET_BN, PLACES205, PLACES365
from puppyslug.networks.specs.inception import INCEPTION_V3
from puppyslug.networks.specs.layers import Extent, LayerSpec
from puppyslug.networks.specs.resnet import RESNET18, RESNET50
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec, Taught
from puppyslug.networks.specs.squeezenet import SQUEEZENET
from puppyslug.networks.specs.vgg import (
    VGG16,
    VGG16_CAFFE,
    VGG19,
    VGG19_CAFFE,
    VGG19_CLASSIFIER,
)
from puppyslug.networks.specs.weights_source import OwnFile, PackagedWeights, RemoteFile

SPECS: dict[str, NetworkSpec] = {
    spec.name: spec
    for spec in (
        VGG19,
        EFFICIENTNET_LITE0,
        EFFICIENTNET_LITE1,
        EFFICIENTNET_LITE2,
        GOOGLENET,
        PLACES205,
        PLACES365,
        GOOGLENET_BN,
        INCEPTION_V3,
        VGG16,
        VGG16_CAFFE,
        VGG19_CLASSIFIER,
        VGG19_CAFFE,
        RESNET18,
        RESNET50,
        ALEXNET,
        SQUEEZENET,
    )
}

__all__ = [
    "CLASS_MAP",
    "JOIN",
    "RECORDS",
    "Extent",
    "LayerSpec",
    "NetworkSpec",
    "OwnFile",
    "PackagedWeights",
    "RemoteFile",
    "Taught",
    "combine",
    "names_in",
]

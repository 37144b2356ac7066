"""Records of networks: one file a family. Nothing here imports torch."""

from puppyslug.networks.records.alexnet import ALEXNET
from puppyslug.networks.records.efficientnet import (
    EFFICIENTNET_LITE0,
    EFFICIENTNET_LITE1,
    EFFICIENTNET_LITE2,
)
from puppyslug.networks.records.ensemble import JOIN, combine, names_in
from puppyslug.networks.records.googlenet import GOOGLENET, GOOGLENET_BN, PLACES205, PLACES365
from puppyslug.networks.records.inception import INCEPTION_V3
from puppyslug.networks.records.layers import Extent, LayerRecord
from puppyslug.networks.records.record import CLASS_MAP, NetworkRecord, Taught
from puppyslug.networks.records.resnet import RESNET18, RESNET50
from puppyslug.networks.records.squeezenet import SQUEEZENET
from puppyslug.networks.records.vgg import (
    VGG16,
    VGG16_CAFFE,
    VGG19,
    VGG19_CAFFE,
    VGG19_CLASSIFIER,
)
from puppyslug.networks.records.weights import OwnFile, PackagedWeights, RemoteFile

RECORDS: dict[str, NetworkRecord] = {
    record.name: record
    for record in (
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
    "LayerRecord",
    "NetworkRecord",
    "OwnFile",
    "PackagedWeights",
    "RemoteFile",
    "Taught",
    "combine",
    "names_in",
]

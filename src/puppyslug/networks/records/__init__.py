"""What is known of each network before it is loaded. Nothing here imports torch."""

from puppyslug.networks.records.efficientnet import EFFICIENTNET_LITE0, EFFICIENTNET_LITE1
from puppyslug.networks.records.ensemble import JOIN, combine
from puppyslug.networks.records.record import CLASS_MAP, LayerRecord, NetworkRecord, PackagedWeights
from puppyslug.networks.records.vgg import VGG19

RECORDS: dict[str, NetworkRecord] = {
    record.name: record for record in (VGG19, EFFICIENTNET_LITE0, EFFICIENTNET_LITE1)
}

__all__ = [
    "CLASS_MAP",
    "JOIN",
    "RECORDS",
    "LayerRecord",
    "NetworkRecord",
    "PackagedWeights",
    "combine",
]

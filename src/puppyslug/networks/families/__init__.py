"""One file a family: its layers as a lazy sequence, and how its weights files are read."""

from collections.abc import Callable

from puppyslug.networks.families.alexnet import AlexNet
from puppyslug.networks.families.efficientnet import EfficientNet
from puppyslug.networks.families.family import Family
from puppyslug.networks.families.googlenet import GoogLeNet
from puppyslug.networks.families.inception import Inception
from puppyslug.networks.families.resnet import ResNet
from puppyslug.networks.families.squeezenet import SqueezeNet
from puppyslug.networks.families.vgg import VGG
from puppyslug.networks.records import NetworkRecord

FAMILIES: dict[str, Callable[[NetworkRecord], Family]] = {
    "vgg": VGG,
    "efficientnet": EfficientNet,
    "googlenet": GoogLeNet,
    "inception": Inception,
    "resnet": ResNet,
    "alexnet": AlexNet,
    "squeezenet": SqueezeNet,
}

__all__ = ["FAMILIES", "Family"]

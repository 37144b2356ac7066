"""One file a family: its layers as a lazy sequence, and how its weights files are read."""

from collections.abc import Callable

from puppyslug.networks.architectures.alexnet import AlexNet
from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.architectures.efficientnet import EfficientNet
from puppyslug.networks.architectures.googlenet import GoogLeNet
from puppyslug.networks.architectures.inception import Inception
from puppyslug.networks.architectures.resnet import ResNet
from puppyslug.networks.architectures.squeezenet import SqueezeNet
from puppyslug.networks.architectures.vgg import VGG
from puppyslug.networks.specs import NetworkSpec

ARCHITECTURES: dict[str, Callable[[NetworkSpec], Architecture]] = {
    "vgg": VGG,
    "efficientnet": EfficientNet,
    "googlenet": GoogLeNet,
    "inception": Inception,
    "resnet": ResNet,
    "alexnet": AlexNet,
    "squeezenet": SqueezeNet,
}

__all__ = ["FAMILIES", "Architecture"]

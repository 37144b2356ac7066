"""One file a family: its layers as a lazy sequence, and how its weights files are read."""

from collections.abc import Callable

from puppyslug.networks.families.efficientnet import EfficientNet
from puppyslug.networks.families.family import Family
from puppyslug.networks.families.vgg import VGG
from puppyslug.networks.records import NetworkRecord

FAMILIES: dict[str, Callable[[NetworkRecord], Family]] = {"vgg": VGG, "efficientnet": EfficientNet}

__all__ = ["FAMILIES", "Family"]

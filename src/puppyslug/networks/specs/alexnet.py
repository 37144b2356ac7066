"""AlexNet, in the single-GPU variant.

A. Krizhevsky: One weird trick for parallelizing convolutional neural networks, 2014,
arXiv:1404.5997; after A. Krizhevsky, I. Sutskever, G. Hinton, 2012.
"""

from typing import NamedTuple

from puppyslug.networks.registry import register_networks
from puppyslug.networks.specs.layer_geometry import LayerSpec, LayerTable
from puppyslug.networks.specs.pretrained import IMAGENET_CLASSES, TORCHVISION, torchvision_weights
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec

HIDDEN = 4096  # channels of fc6 and fc7
FC6_KERNEL = 6  # side length of pool5 for an image of 224×224


class Stage(NamedTuple):
    """A convolution with ReLU, and whether a 3×3 max pooling with stride 2 follows."""

    channels: int
    kernel: int
    stride: int
    padding: int
    pool: bool


_STAGES = (
    Stage(64, 11, 4, 2, pool=True),
    Stage(192, 5, 1, 2, pool=True),
    Stage(384, 3, 1, 1, pool=False),
    Stage(256, 3, 1, 1, pool=False),
    Stage(256, 3, 1, 1, pool=True),
)


def _layers() -> tuple[LayerSpec, ...]:
    table = LayerTable()
    for number, (channels, kernel, stride, padding, pool) in enumerate(_STAGES, 1):
        table.add(f"relu{number}", channels, kernel=kernel, stride=stride, padding=padding)
        if pool:
            table.add(f"pool{number}", channels, kernel=3, stride=2, padding=0)
    table.add("fc6", HIDDEN, kernel=FC6_KERNEL, padding=0)
    table.add("fc7", HIDDEN)
    table.add(CLASS_MAP, IMAGENET_CLASSES)
    return tuple(table.layers)


register_networks(
    NetworkSpec(
        name="alexnet",
        title="AlexNet (torchvision, ImageNet)",
        architecture="alexnet",
        structure=_STAGES,
        layers=_layers(),
        default_layer="relu4",
        class_map_alias="fc8",
        preview_layers=("relu1", "relu2", "relu3", "relu4", "relu5"),
        weights=torchvision_weights(
            "alexnet-owt",
            "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            244_408_911,
        ),
        credit='A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks"',
        source="arXiv:1404.5997",
        values_per_pixel=16,
        motifs=(
            ("relu1", "colours and edges"),
            ("relu2", "strokes and spirals"),
            ("relu3", "ornaments"),
            ("relu4", "eyes and parts"),
            ("fc6", "overlapping objects"),
            (CLASS_MAP, "objects by name"),
        ),
        **TORCHVISION,
    ),
    rank=60,
)

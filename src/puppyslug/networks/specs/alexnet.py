"""AlexNet, in the form for one graphics card.

A. Krizhevsky: One weird trick for parallelizing convolutional neural networks, 2014,
arXiv:1404.5997; after A. Krizhevsky, I. Sutskever, G. Hinton, 2012.
"""

from typing import NamedTuple

from puppyslug.networks.specs.imagenet import CLASSES, TORCHVISION, torchvision_weights
from puppyslug.networks.specs.layers import LayerSpec, LayerTable
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec

HIDDEN = 4096  # channels of fc6 and fc7
FC6_KERNEL = 6  # positions of pool5 that fc6 sees, all there are on a picture of 224×224


class Stage(NamedTuple):
    """A convolution with its ReLU, and whether a 3×3 pooling by 2 follows."""

    channels: int
    kernel: int
    stride: int
    padding: int
    pooled: bool


_STAGES = (
    Stage(64, 11, 4, 2, pooled=True),
    Stage(192, 5, 1, 2, pooled=True),
    Stage(384, 3, 1, 1, pooled=False),
    Stage(256, 3, 1, 1, pooled=False),
    Stage(256, 3, 1, 1, pooled=True),
)


def _layers() -> tuple[LayerSpec, ...]:
    table = LayerTable()
    for number, (channels, kernel, stride, padding, pooled) in enumerate(_STAGES, 1):
        table.add(f"relu{number}", channels, kernel=kernel, stride=stride, padding=padding)
        if pooled:
            table.add(f"pool{number}", channels, kernel=3, stride=2, padding=0)
    table.add("fc6", HIDDEN, kernel=FC6_KERNEL, padding=0)
    table.add("fc7", HIDDEN)
    table.add(CLASS_MAP, CLASSES)
    return tuple(table.layers)


ALEXNET = NetworkSpec(
    name="alexnet",
    title="AlexNet (torchvision, ImageNet)",
    architecture="alexnet",
    structure=_STAGES,
    layers=_layers(),
    default_layer="relu4",
    class_map="fc8",
    depths=("relu1", "relu2", "relu3", "relu4", "relu5"),
    weights=torchvision_weights(
        "alexnet-owt",
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        244_408_911,
    ),
    credit='A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks"',
    source="arXiv:1404.5997",
    values_per_pixel=16,
    shows=(
        ("relu1", "colours and edges"),
        ("relu2", "strokes and spirals"),
        ("relu3", "ornaments"),
        ("relu4", "eyes and parts"),
        ("fc6", "things, piled up"),
        (CLASS_MAP, "things by name"),
    ),
    **TORCHVISION,
)

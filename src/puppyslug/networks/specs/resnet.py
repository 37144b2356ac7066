"""ResNet: residual blocks, whose output is added to their input.

K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, 2015,
arXiv:1512.03385. As in torchvision, the stride of a bottleneck is in its 3×3 convolution.
"""

from typing import NamedTuple

from puppyslug.networks.registry import register_networks
from puppyslug.networks.specs.layer_geometry import LayerGeometry, LayerSpec, LayerTable, union
from puppyslug.networks.specs.pretrained import IMAGENET_CLASSES, TORCHVISION, torchvision_weights
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec

STEM_CHANNELS = 64
_STAGE_CHANNELS = (64, 128, 256, 512)


class Residual(NamedTuple):
    """A block: two 3×3 convolutions, or a bottleneck of 1×1, 3×3 and 1×1."""

    name: str
    bottleneck: bool
    inner_channels: int
    channels: int
    stride: int


def _blocks(counts: tuple[int, ...], *, bottleneck: bool) -> tuple[Residual, ...]:
    return tuple(
        Residual(
            f"layer{stage}.{index}",
            bottleneck,
            inner,
            4 * inner if bottleneck else inner,
            2 if stage > 1 and index == 0 else 1,
        )
        for stage, (count, inner) in enumerate(zip(counts, _STAGE_CHANNELS, strict=True), 1)
        for index in range(count)
    )


def _apply_block(block: Residual, base: LayerGeometry) -> LayerGeometry:
    branch = base.apply_window(3, block.stride, padding=1)
    if not block.bottleneck:
        branch = branch.apply_window(3, padding=1)
    return union([branch, base.apply_window(1, block.stride, padding=0)])


def _layers(blocks: tuple[Residual, ...]) -> tuple[LayerSpec, ...]:
    table = LayerTable()
    table.add("conv1", STEM_CHANNELS, kernel=7, stride=2, padding=3)
    table.add("maxpool", STEM_CHANNELS, kernel=3, stride=2, padding=1)
    for block in blocks:
        table.append(block.name, block.channels, _apply_block(block, table.top))
    table.add(CLASS_MAP, IMAGENET_CLASSES)
    return tuple(table.layers)


_MOTIFS = (
    ("conv1", "colours and edges"),
    ("layer1.0", "strokes"),
    ("layer2.0", "ornaments"),
    ("layer3.0", "eyes and parts"),
    ("layer4.0", "whole objects"),
    (CLASS_MAP, "objects by name"),
)


def _resnet(
    layers: int,
    blocks: tuple[Residual, ...],
    *,
    preview_layers: str,
    default_layer: str,
    sha256: str,
    size: int,
    values_per_pixel: float,
) -> NetworkSpec:
    return NetworkSpec(
        name=f"resnet{layers}",
        title=f"ResNet-{layers} (torchvision, ImageNet)",
        architecture="resnet",
        structure=blocks,
        layers=_layers(blocks),
        default_layer=default_layer,
        class_map_alias="fc",
        preview_layers=tuple(preview_layers.split()),
        weights=torchvision_weights(f"resnet{layers}", sha256, size),
        credit='K. He et al., "Deep Residual Learning for Image Recognition"',
        source="arXiv:1512.03385",
        values_per_pixel=values_per_pixel,
        motifs=_MOTIFS,
        **TORCHVISION,
    )


register_networks(
    _resnet(
        18,
        _blocks((2, 2, 2, 2), bottleneck=False),
        preview_layers="conv1 layer1.0 layer1.1 layer2.0 layer2.1 layer3.0 layer3.1 layer4.0",
        default_layer="layer3.0",
        sha256="f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
        size=46_830_571,
        values_per_pixel=69,
    ),
    _resnet(
        50,
        _blocks((3, 4, 6, 3), bottleneck=True),
        preview_layers="conv1 layer1.2 layer2.1 layer2.3 layer3.0 layer3.2 layer3.5 layer4.0",
        default_layer="layer3.2",
        sha256="0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
        size=102_530_333,
        values_per_pixel=205,
    ),
    rank=50,
)

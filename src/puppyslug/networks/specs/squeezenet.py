"""SqueezeNet 1.1: fire modules, which squeeze to few channels and expand again.

F. Iandola et al.: SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model
size, 2016, arXiv:1602.07360.
"""

from typing import NamedTuple

from puppyslug.networks.registry import register_networks
from puppyslug.networks.specs.layer_geometry import LayerSpec, LayerTable
from puppyslug.networks.specs.pretrained import IMAGENET_CLASSES, TORCHVISION, torchvision_weights
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec

STEM_CHANNELS = 64


class Fire(NamedTuple):
    """Channels of a fire module: of its 1×1 squeeze, and of each expansion, 1×1 and 3×3."""

    squeeze: int
    expand: int


# fire2 to fire9, in groups that each follow a pooling
_GROUPS = (
    (Fire(16, 64), Fire(16, 64)),
    (Fire(32, 128), Fire(32, 128)),
    (Fire(48, 192), Fire(48, 192), Fire(64, 256), Fire(64, 256)),
)


def _layers() -> tuple[LayerSpec, ...]:
    table = LayerTable()
    table.add("conv1", STEM_CHANNELS, kernel=3, stride=2, padding=0)
    channels, number = STEM_CHANNELS, 1
    for group in _GROUPS:
        table.add(f"pool{number}", channels, kernel=3, stride=2, padding=0, ceil_mode=True)
        for fire in group:
            number += 1
            channels = 2 * fire.expand
            table.add(f"fire{number}", channels, kernel=3, padding=1)
    table.add("conv10", IMAGENET_CLASSES)
    table.add(CLASS_MAP, IMAGENET_CLASSES)
    return tuple(table.layers)


register_networks(
    NetworkSpec(
        name="squeezenet1_1",
        title="SqueezeNet 1.1 (torchvision, ImageNet)",
        architecture="squeezenet",
        structure=_GROUPS,
        layers=_layers(),
        default_layer="fire7",
        preview_layers=("conv1", "fire2", "fire3", "fire4", "fire5", "fire6", "fire7", "fire9"),
        weights=torchvision_weights(
            "squeezenet1_1",
            "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
            4_958_839,
        ),
        credit='F. Iandola et al., "SqueezeNet"',
        source="arXiv:1602.07360",
        values_per_pixel=121,
        motifs=(
            ("conv1", "colours and edges"),
            ("fire2", "strokes"),
            ("fire4", "ornaments"),
            ("fire6", "eyes and parts"),
            ("fire8", "parts of animals and objects"),
            (CLASS_MAP, "objects by name"),
        ),
        **TORCHVISION,
    ),
    rank=70,
)

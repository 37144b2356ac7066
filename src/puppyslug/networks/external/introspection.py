"""Finds a module's layers: which outputs are maps of the image, their geometry, the smallest input.

Strides and paddings cannot be read off an arbitrary module. So it is run on images of several
sizes, on the meta device where possible, and the shapes of the outputs are compared.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn

from puppyslug.errors import NetworkError
from puppyslug.networks.external.grids import (
    Found,
    Grid,
    GridFinder,
    find_fixed_grids,
    increments,
)
from puppyslug.networks.external.module_shapes import ModuleShapes
from puppyslug.networks.external.output_format import OutputFormat
from puppyslug.networks.external.outputs import OutputId
from puppyslug.networks.external.pooled_head import PooledHead, find_pooled_head
from puppyslug.networks.specs import CLASS_MAP, GLOBAL_STRIDE, LayerGeometry, LayerSpec

MULTIPLES = (1, 2, 4, 7, 8, 14, 16, 28, 32, 64)  # that a module may require of the side
OUTPUT_LAYER = "output"  # the module's own output, where it is not the class map


class Introspection(NamedTuple):
    """The layers of a module.

    Attributes:
        layers: lowest first.
        formats: of each layer's output, by the layer's name.
        multiple: what the sides of an image must be multiples of.
        values_per_pixel: numbers in the outputs of all layers, per pixel of the image.
        side: of the images that it was trained with, in pixels.
        window: side of the only images that it accepts; 0 if it accepts all.
        channels: number of channels of its input.
        head: how the logits follow from a layer, where the head is pooling and linear, else None.
    """

    layers: tuple[LayerSpec, ...]
    formats: Mapping[str, OutputFormat]
    multiple: int
    values_per_pixel: float
    side: int
    window: int
    channels: int
    head: PooledHead | None = None


def inspect_module(
    module: nn.Module, side: int | None, classes: int = 0, output: str | None = None
) -> Introspection:
    """Find the layers of a module.

    Args:
        module: takes N×C×H×W.
        side: of the images that it was trained with, in pixels; None for one that it accepts.
        classes: number of classes, if one of the module's outputs is their logits, else 0.
        output: which of the module's outputs are the logits; None for the first that has as many
            channels as there are classes.

    Raises:
        NetworkError: it does not accept images of that size, or outputs no tensor of them.
    """
    shapes = ModuleShapes(module, side)
    multiple = next((m for m in MULTIPLES if shapes.accepts(shapes.side + m)), None)
    sides = [shapes.side + n for n in increments(multiple or 1)]
    if multiple is None or not all(shapes.accepts(one) for one in sides):
        found, multiple, window = find_fixed_grids(shapes), 1, shapes.side
    else:
        found, window = GridFinder(shapes, multiple).find(), 0
    if not found:
        raise NetworkError(
            f"the module {type(module).__name__} outputs no tensor that is a map or a vector of "
            "the image, and neither do its submodules"
        )
    logits = _find_logits(shapes, found, classes, output) if classes else None
    names = _name_outputs(list(found), logits)
    formats = {
        names[one]: output_format._replace(path=one.path, key=one.key)
        for one, (output_format, _) in found.items()
    }
    layers = [_create_layer(names[one], shapes.at(shapes.side)[one], *found[one]) for one in found]
    head = None
    if logits is not None:
        maps = {name: formats[name] for name in formats if name != CLASS_MAP}
        head = find_pooled_head(shapes, {one.name: one for one in layers}, maps, logits)
    if head is not None:
        geometry = next(one.geometry for one in layers if one.name == head.layer)
        layers = [one for one in layers if one.name != CLASS_MAP]
        layers.append(LayerSpec(CLASS_MAP, classes, geometry))
    return Introspection(
        tuple(layers),
        formats,
        multiple,
        _count_values(shapes) / shapes.side**2,
        shapes.side,
        window,
        shapes.channels,
        head,
    )


def _create_layer(
    name: str, shape: tuple[int, ...], output_format: OutputFormat, grid: Grid
) -> LayerSpec:
    channels_last = output_format.channels_last or output_format.extra_tokens is not None
    geometry = LayerGeometry(
        stride=grid.stride,
        receptive_field=0,
        context_before=GLOBAL_STRIDE,  # unknown, so the module is never computed in tiles
        context_after=GLOBAL_STRIDE,
        extra=grid.extra,
        min_size=grid.min_side,
        window=grid.window,
    )
    return LayerSpec(name, shape[-1] if channels_last else shape[1], geometry)


def _find_logits(shapes: ModuleShapes, found: Found, classes: int, output: str | None) -> OutputId:
    """Return which of the module's outputs are the logits.

    Raises:
        NetworkError: there is none of that name, or none with as many channels as classes.
    """
    own = {one.key: one for one in found if not one.path}
    if output is not None:
        key = "" if output == "0" and "" in own else output
        if key not in own:
            known = ", ".join(repr(one or "0") for one in own) or "none"
            raise NetworkError(f"the module has no output {output!r}; its outputs are {known}")
        own = {key: own[key]}
    counts = {
        one: _create_layer("", shapes.at(shapes.side)[one], *found[one]).channels
        for one in own.values()
    }
    fitting = [one for one, count in counts.items() if count == classes]
    if not fitting:
        logits = " or ".join(f"{count} logits" for count in dict.fromkeys(counts.values()))
        raise NetworkError(
            f"there are {classes} labels, but the module outputs {logits or 'no logits'}; give as "
            "many labels as it has classes, or none"
        )
    return fitting[0]


def _name_outputs(outputs: list[OutputId], logits: OutputId | None) -> dict[OutputId, str]:
    """Name the layers so that objectives can spell them: submodules first, then the module."""
    names: dict[OutputId, str] = {}
    for one in sorted(outputs, key=lambda one: not one.path):
        plain = re.sub(r"[^\w.]", "_", ".".join(part for part in one if part) or OUTPUT_LAYER)
        if not one.path and one.key:
            plain = f"{OUTPUT_LAYER}.{plain}"
        while plain == CLASS_MAP or plain in names.values():
            plain += "_"
        names[one] = CLASS_MAP if one == logits else plain
    return names


def _count_values(shapes: ModuleShapes) -> int:
    """Count the numbers in the outputs of all submodules that have no submodules."""
    parts = shapes.module.named_modules()
    leaves = {name for name, part in parts if not list(part.children())}
    found = shapes.at(shapes.side).items()
    return sum(torch.Size(shape).numel() for one, shape in found if one.path in leaves)

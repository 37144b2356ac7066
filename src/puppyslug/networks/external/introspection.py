"""Finds a module's layers: which submodules output maps, their geometry, and the smallest input.

Strides and paddings cannot be read off an arbitrary module. So it is run on images of several
sizes, on the meta device where possible, and the shapes of the outputs are compared.
"""

import contextlib
import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from puppyslug.errors import NetworkError
from puppyslug.networks.external.hooks import run_with_hooks
from puppyslug.networks.external.module_architecture import OutputFormat
from puppyslug.networks.specs import CLASS_MAP, GLOBAL_STRIDE, LayerGeometry, LayerSpec

INCREMENTS = (128, 240, 210, 336)  # pixels added to the side; a stride divides one of them
MULTIPLES = (1, 2, 4, 7, 8, 14, 16, 28, 32, 64)  # that a module may require of the side
MAX_EXTRA_TOKENS = 16  # before those of the map: a class token, registers
SMALL_SIDES = (8, 16, 24, 32, 48, 64, 75, 96, 128, 160, 192)  # pixels that are tried

Shapes = dict[str, tuple[int, ...]]


class Introspection(NamedTuple):
    """The layers of a module.

    Attributes:
        layers: lowest first; the class map is the module's own output.
        formats: of each layer's output.
        multiple: what the sides of an image must be multiples of.
        values_per_pixel: numbers in the outputs of all layers, per pixel of the image.
    """

    layers: tuple[LayerSpec, ...]
    formats: Mapping[str, OutputFormat]
    multiple: int
    values_per_pixel: float


def inspect_module(module: nn.Module, side: int) -> Introspection:
    """Find the layers of a module.

    Args:
        module: takes N×3×H×W.
        side: of the images that it was trained with, in pixels.

    Raises:
        NetworkError: it does not accept images of that size and of others, or outputs no maps.
    """
    return _Inspector(module, side).inspect()


@dataclass(frozen=True)
class _Grid:
    """The positions along an axis: n pixels give ⌊(n + extra) / stride⌋."""

    stride: int
    extra: int

    def count(self, length: int) -> int:
        return (length + self.extra) // self.stride


class _Inspector:
    """Runs a module on square images and keeps the shapes of all outputs for each side."""

    def __init__(self, module: nn.Module, side: int) -> None:
        self._module = module
        self._names = [
            name for name, part in module.named_modules() if not isinstance(part, _DropoutNd)
        ]
        self._shapes: dict[int, Shapes] = {}
        try:
            self._meta_module = _copy_to_meta(module)
        except Exception:  # a module that cannot be copied is run itself
            self._meta_module = module
        try:
            self._order = list(self._get_shapes(side))
        except Exception as error:  # external code may raise anything
            text = " ".join(str(error).split())[:160] or type(error).__name__
            raise NetworkError(
                f"the module does not accept an image of {side}×{side} (1×3×{side}×{side}): "
                f"{text}; give the size that it was trained with as trained_at"
            ) from error
        self._side = side
        self._multiple = next((m for m in MULTIPLES if self._accepts(side + m)), None)
        multiple = self._multiple or 1
        self._increments = [n for n in (*INCREMENTS, 16 * multiple) if n % multiple == 0]
        self._larger_side = side + self._increments[0]

    def inspect(self) -> Introspection:
        side, multiple = self._side, self._multiple
        if multiple is None or not self._accepts(self._larger_side):
            raise NetworkError(
                f"the module accepts images of {side}×{side} only, but dreams have many sizes; "
                "create it with support for any size (timm's transformers: dynamic_img_size=True)"
            )
        grids: dict[str, _Grid] = {}
        formats: dict[str, OutputFormat] = {}
        for name in self._order:
            found = self._find_map(name, list(grids.values()))
            if found is not None:
                formats[name], grids[name] = found
        min_sides = self._find_min_sides()
        layers = [
            self._make_layer(name, grids[name], formats[name], min_sides[name]) for name in formats
        ]
        if not any(layer.stride < GLOBAL_STRIDE and layer.name != CLASS_MAP for layer in layers):
            raise NetworkError(
                "the module has no submodule whose output is a map of the image; its layers must "
                "be submodules (nn.Module)"
            )
        leaves = {name for name, part in self._module.named_modules() if not list(part.children())}
        values = sum(
            torch.Size(shape).numel()
            for name, shape in self._get_shapes(side).items()
            if name in leaves
        )
        by_layer = {_layer_name(path): one._replace(path=path) for path, one in formats.items()}
        return Introspection(tuple(layers), by_layer, multiple, values / side**2)

    def _make_layer(
        self, name: str, grid: _Grid, output_format: OutputFormat, min_side: int
    ) -> LayerSpec:
        shape = self._get_shapes(self._side)[name]
        channels_last = output_format.channels_last or output_format.extra_tokens is not None
        if grid.stride != GLOBAL_STRIDE:
            min_side = max(grid.stride - grid.extra, min_side)
        geometry = LayerGeometry(
            stride=grid.stride,
            receptive_field=0,
            context_before=GLOBAL_STRIDE,  # unknown, so the module is never computed in tiles
            context_after=GLOBAL_STRIDE,
            extra=grid.extra,
            min_size=min_side,
        )
        return LayerSpec(_layer_name(name), shape[-1] if channels_last else shape[1], geometry)

    def _find_map(self, name: str, known: Sequence[_Grid]) -> tuple[OutputFormat, _Grid] | None:
        """Return how to convert a submodule's output to a map; None where it is none."""
        small = self._get_shapes(self._side)[name]
        large = self._get_shapes(self._larger_side).get(name, ())
        if len(small) != len(large) or small[:1] != (1,):
            return None
        varying = [
            axis for axis, pair in enumerate(zip(small, large, strict=True)) if pair[0] != pair[1]
        ]
        if len(small) == 4 and varying in ([2, 3], [1, 2]):
            grid = self._find_grid(name, varying[0])
            return None if grid is None else (OutputFormat(channels_last=varying == [1, 2]), grid)
        if len(small) == 3 and varying == [1]:
            return self._match_tokens(small[1], large[1], known)
        if not varying and (len(small) == 2 or (len(small) == 4 and small[2:] == (1, 1))):
            return OutputFormat(), _Grid(GLOBAL_STRIDE, GLOBAL_STRIDE)
        return None

    def _match_tokens(
        self, small: int, large: int, known: Sequence[_Grid]
    ) -> tuple[OutputFormat, _Grid] | None:
        """Match a number of tokens with the positions of a map below, plus extra tokens."""
        for grid in reversed(known):
            extra = small - grid.count(self._side) ** 2
            if (
                0 <= extra <= MAX_EXTRA_TOKENS
                and extra == large - grid.count(self._larger_side) ** 2
            ):
                return OutputFormat(extra_tokens=extra), grid
        return None

    def _find_grid(self, name: str, axis: int) -> _Grid | None:
        """Return the positions along an axis; None where their distance is no whole number."""
        sides = [self._side + increment for increment in self._increments]
        for increment in self._increments:
            first, last = (self._get_shapes(self._side + n)[name][axis] for n in (0, increment))
            stride, rest = divmod(increment, last - first) if last > first else (0, 1)
            if rest:
                continue
            grid = self._find_offset(name, axis, first, stride)
            if all(self._get_shapes(side)[name][axis] == grid.count(side) for side in sides):
                return grid
        return None

    def _find_offset(self, name: str, axis: int, first: int, stride: int) -> _Grid:
        """Bisect for the side at which the number of positions increases."""
        multiple = self._multiple or 1
        low, high = 0, -(-stride // multiple)  # it increases at one of these multiples
        while high - low > 1:
            middle = (low + high) // 2
            if self._get_shapes(self._side + middle * multiple)[name][axis] > first:
                high = middle
            else:
                low = middle
        return _Grid(stride, (first + 1) * stride - (self._side + high * multiple))

    def _find_min_sides(self) -> dict[str, int]:
        """Return for each submodule the smallest side, of those tried, for which it has output."""
        found = dict.fromkeys(self._order, self._side)
        for side in reversed(SMALL_SIDES):
            if side < self._side and side % (self._multiple or 1) == 0:
                computed: Shapes = {}
                with contextlib.suppress(Exception):  # too small for later submodules only
                    self._compute_shapes(side, computed)
                for name, shape in computed.items():
                    if name in found and 0 not in shape:
                        found[name] = side
        return found

    def _accepts(self, side: int) -> bool:
        try:
            self._get_shapes(side)
        except Exception:  # external code may raise anything
            return False
        return True

    def _get_shapes(self, side: int) -> Shapes:
        if side not in self._shapes:
            shapes: Shapes = {}
            self._compute_shapes(side, shapes)
            self._shapes[side] = shapes
        return self._shapes[side]

    def _compute_shapes(self, side: int, shapes: Shapes) -> None:
        """Add the shapes of all outputs for an image of side×side, also of an incomplete run."""

        def on_output(name: str, output: Any) -> None:
            if isinstance(output, Tensor) and output.is_floating_point():
                shapes[name] = tuple(output.shape)

        with torch.no_grad():
            try:
                self._run_on_meta(side, on_output)
            except Exception:  # a module that creates tensors itself may not run on meta
                shapes.clear()
                parameter = next(self._module.parameters(), torch.empty(0))
                x = torch.zeros(1, 3, side, side, device=parameter.device, dtype=parameter.dtype)
                run_with_hooks(self._module, self._names, x, on_output)

    def _run_on_meta(self, side: int, on_output: Callable[[str, Any], None]) -> None:
        dtypes = [one.dtype for one in self._meta_module.parameters() if one.is_floating_point()]
        x = torch.empty(1, 3, side, side, device="meta", dtype=(dtypes or [torch.float32])[0])
        run_with_hooks(self._meta_module, self._names, x, on_output)


def _copy_to_meta(module: nn.Module) -> nn.Module:
    """Return a copy of a module on the meta device, whose tensors have shapes but no data."""
    memo: dict[int, Any] = {
        id(one): nn.Parameter(torch.empty_like(one, device="meta"), requires_grad=False)
        for one in module.parameters()
    }
    memo |= {id(one): torch.empty_like(one, device="meta") for one in module.buffers()}
    return copy.deepcopy(module, memo)


def _layer_name(path: str) -> str:
    """Return a layer name that objectives can spell; that of the module itself is ``labels``."""
    plain = re.sub(r"[^\w.]", "_", path)
    return CLASS_MAP if not path else f"{plain}_" if plain == CLASS_MAP else plain

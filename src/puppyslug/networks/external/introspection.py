"""Measures a module: which submodules give maps, where their positions lie, how small it goes.

Nobody says of a module of one's own what its strides and paddings are. So it is run on pictures of
several sizes, without numbers where it can be (on torch's meta device), and only shapes are seen.
"""

import contextlib
import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from puppyslug.errors import NetworkError
from puppyslug.networks.external.module import Form, watch
from puppyslug.networks.specs import CLASS_MAP, Extent, LayerSpec
from puppyslug.networks.specs.layers import WHOLE

SPANS = (128, 240, 210, 336)  # pixels by which pictures are larger; a stride divides one of them
MULTIPLES = (1, 2, 4, 7, 8, 14, 16, 28, 32, 64)  # that a module may ask of an edge
MOST_TOKENS = 16  # before those of the map: a class token, registers
SMALLEST = (8, 16, 24, 32, 48, 64, 75, 96, 128, 160, 192)  # pixels that are tried

Shapes = dict[str, tuple[int, ...]]


class Measured(NamedTuple):
    """What measuring a module found.

    Attributes:
        layers: lowest first; the class map is the module's own output.
        forms: how to read each layer's output as a map.
        multiple: what a picture's edges must be multiples of.
        values_per_pixel: numbers that its layers hold, per pixel of the picture.
    """

    layers: tuple[LayerSpec, ...]
    forms: Mapping[str, Form]
    multiple: int
    values_per_pixel: float


def measure(module: nn.Module, edge: int) -> Measured:
    """Measure a module.

    Args:
        module: takes N×3×H×W.
        edge: of pictures that it was trained with, in pixels.

    Raises:
        NetworkError: it cannot look at such pictures, or gives no maps.
    """
    return _Measurement(module, edge).result()


@dataclass(frozen=True)
class _Grid:
    """How many positions an edge has: ⌊(n + extra) / stride⌋."""

    stride: int
    extra: int

    def count(self, edge: int) -> int:
        return (edge + self.extra) // self.stride


class _Measurement:
    def __init__(self, module: nn.Module, edge: int) -> None:
        self._module = module
        self._names = [
            name for name, part in module.named_modules() if not isinstance(part, _DropoutNd)
        ]
        self._shapes: dict[int, Shapes] = {}
        try:
            self._empty = _emptied(module)
        except Exception:  # what cannot be copied is run itself
            self._empty = module
        try:
            first = self._run(edge)
        except Exception as error:  # whatever somebody else's code may raise
            text = " ".join(str(error).split())[:160] or type(error).__name__
            raise NetworkError(
                f"the module cannot look at a picture of {edge}×{edge}, 1×3×{edge}×{edge}: {text}; "
                "say what it was trained at with trained_at="
            ) from error
        self._order = list(first)
        self._edge = edge
        self._multiple = next((m for m in MULTIPLES if self._runs(edge + m)), None)
        asked = self._multiple or 1
        self._spans = [span for span in (*SPANS, 16 * asked) if span % asked == 0]
        self._span = self._spans[0]

    def result(self) -> Measured:
        edge, multiple = self._edge, self._multiple
        if multiple is None or not self._runs(edge + self._span):
            raise NetworkError(
                f"the module looks at pictures of {edge}×{edge} only, but dreams have many sizes; "
                "bring it in a form that takes any (timm's transformers: dynamic_img_size=True)"
            )
        grids: dict[str, _Grid] = {}
        forms: dict[str, Form] = {}
        for name in self._order:
            read = self._map_of(name, list(grids.values()))
            if read is not None:
                forms[name], grids[name] = read
        small = self._smallest()
        layers = [self._record(name, grids[name], forms[name], small) for name in forms]
        if not any(layer.stride < WHOLE and layer.name != CLASS_MAP for layer in layers):
            raise NetworkError("the module has no submodule that gives a map of the picture")
        leaves = {name for name, part in self._module.named_modules() if not list(part.children())}
        values = sum(
            torch.Size(shape).numel() for name, shape in self._run(edge).items() if name in leaves
        )
        named = {_shown(name): form._replace(path=name) for name, form in forms.items()}
        return Measured(tuple(layers), named, multiple, values / edge**2)

    def _record(self, name: str, grid: _Grid, form: Form, small: Mapping[str, int]) -> LayerSpec:
        shape = self._run(self._edge)[name]
        channels = shape[-1] if form.channels_last or form.tokens is not None else shape[1]
        fewest = small[name] if grid.stride == WHOLE else max(grid.stride - grid.extra, small[name])
        extent = Extent(
            stride=grid.stride,
            receptive_field=0,
            before=WHOLE,  # nobody knows how far it sees: it is never looked at in tiles
            behind=WHOLE,
            extra=grid.extra,
            smallest=fewest,
        )
        return LayerSpec(_shown(name), channels, extent)

    def _map_of(self, name: str, known: Sequence[_Grid]) -> tuple[Form, _Grid] | None:
        """How to read a submodule's output as a map, or None where it is none."""
        small, large = self._run(self._edge)[name], self._run(self._edge + self._span).get(name, ())
        if len(small) != len(large) or small[:1] != (1,):
            return None
        varies = [
            index for index, pair in enumerate(zip(small, large, strict=True)) if pair[0] != pair[1]
        ]
        if len(small) == 4 and varies in ([2, 3], [1, 2]):
            grid = self._grid(name, varies[0])
            return None if grid is None else (Form(channels_last=varies == [1, 2]), grid)
        if len(small) == 3 and varies == [1]:
            return self._tokens(small[1], large[1], known)
        if not varies and (len(small) == 2 or (len(small) == 4 and small[2:] == (1, 1))):
            return Form(), _Grid(WHOLE, WHOLE)
        return None

    def _tokens(self, small: int, large: int, known: Sequence[_Grid]) -> tuple[Form, _Grid] | None:
        """Tokens that belong to the positions of a map below, after some that do not."""
        for grid in reversed(known):
            before = small - grid.count(self._edge) ** 2
            if (
                0 <= before <= MOST_TOKENS
                and before == large - grid.count(self._edge + self._span) ** 2
            ):
                return Form(tokens=before), grid
        return None

    def _grid(self, name: str, axis: int) -> _Grid | None:
        """Where the positions along an edge lie; None where they lie at no even distance."""
        edges = [self._edge + span for span in self._spans]
        for span in self._spans:
            first, last = (self._run(self._edge + more)[name][axis] for more in (0, span))
            stride, rest = divmod(span, last - first) if last > first else (0, 1)
            if rest:
                continue
            grid = self._beginning(name, axis, first, stride)
            if all(self._run(edge)[name][axis] == grid.count(edge) for edge in edges):
                return grid
        return None

    def _beginning(self, name: str, axis: int, first: int, stride: int) -> _Grid:
        """Where the positions of a stride begin: from where their number rises."""
        multiple = self._multiple or 1
        low, high = 0, -(-stride // multiple)  # the number rises after one of these multiples
        while high - low > 1:
            middle = (low + high) // 2
            if self._run(self._edge + middle * multiple)[name][axis] > first:
                high = middle
            else:
                low = middle
        return _Grid(stride, (first + 1) * stride - (self._edge + high * multiple))

    def _smallest(self) -> dict[str, int]:
        """The smallest picture, of those tried, that each submodule still looks at."""
        found = dict.fromkeys(self._order, self._edge)
        for edge in reversed(SMALLEST):
            if edge < self._edge and edge % (self._multiple or 1) == 0:
                reached: Shapes = {}
                with contextlib.suppress(Exception):  # too small for some, but not for those
                    self._forward(edge, reached)
                for name, shape in reached.items():
                    if name in found and 0 not in shape:
                        found[name] = edge
        return found

    def _runs(self, edge: int) -> bool:
        try:
            self._run(edge)
        except Exception:  # whatever somebody else's code may raise
            return False
        return True

    def _run(self, edge: int) -> Shapes:
        """The shapes of all outputs on a picture of edge×edge."""
        if edge not in self._shapes:
            shapes: Shapes = {}
            self._forward(edge, shapes)
            self._shapes[edge] = shapes
        return self._shapes[edge]

    def _forward(self, edge: int, shapes: Shapes) -> None:
        def seen(name: str, output: Any) -> None:
            if isinstance(output, Tensor) and output.is_floating_point():
                shapes[name] = tuple(output.shape)

        with torch.no_grad():
            try:
                self._without_numbers(edge, seen)
            except Exception:  # a module that makes tensors of its own cannot do without numbers
                shapes.clear()
                parameter = next(self._module.parameters(), torch.empty(0))
                x = torch.zeros(1, 3, edge, edge, device=parameter.device, dtype=parameter.dtype)
                watch(self._module, self._names, x, seen)

    def _without_numbers(self, edge: int, seen: Any) -> None:
        kinds = [one.dtype for one in self._empty.parameters() if one.is_floating_point()]
        x = torch.empty(1, 3, edge, edge, device="meta", dtype=(kinds or [torch.float32])[0])
        watch(self._empty, self._names, x, seen)


def _emptied(module: nn.Module) -> nn.Module:
    """A copy of a module with tensors that have shapes and no numbers."""
    memo: dict[int, Any] = {
        id(one): nn.Parameter(torch.empty_like(one, device="meta"), requires_grad=False)
        for one in module.parameters()
    }
    memo |= {id(one): torch.empty_like(one, device="meta") for one in module.buffers()}
    return copy.deepcopy(module, memo)


def _shown(name: str) -> str:
    """What a submodule is called as a layer; the module itself is the class map."""
    plain = re.sub(r"[^\w.]", "_", name)
    return CLASS_MAP if not name else f"{plain}_" if plain == CLASS_MAP else plain

"""Finds the positions of a module's outputs from their shapes for images of several sizes."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from puppyslug.networks.external.module_shapes import ModuleShapes, Shapes
from puppyslug.networks.external.output_format import OutputFormat
from puppyslug.networks.external.outputs import OutputId
from puppyslug.networks.specs import GLOBAL_STRIDE

INCREMENTS = (128, 240, 210, 336)  # pixels added to the side; a stride divides one of them
MAX_EXTRA_TOKENS = 16  # before those of the map: a class token, registers
SMALL_SIDES = (8, 16, 24, 32, 48, 64, 75, 96, 128, 160, 192)  # pixels that are tried


@dataclass(frozen=True)
class Grid:
    """The positions of an output along an axis: n pixels give ⌊(n + extra) / stride⌋.

    Attributes:
        stride: pixels between two positions.
        extra: as above.
        min_side: of the images for which there is an output, in pixels.
        window: side of the only images that the module accepts; 0 if it accepts all.
    """

    stride: int
    extra: int
    min_side: int = 1
    window: int = 0

    def count(self, length: int) -> int:
        """Return the number of positions."""
        return (length + self.extra) // self.stride


Found = dict[OutputId, tuple[OutputFormat, Grid]]


class GridFinder:
    """Finds the maps of a module that accepts images of all sizes."""

    def __init__(self, shapes: ModuleShapes, multiple: int) -> None:
        """Create a finder.

        Args:
            shapes: of the module.
            multiple: what the sides of its images must be multiples of.
        """
        self._shapes = shapes
        self._side = shapes.side
        self._multiple = multiple
        self._increments = increments(multiple)
        self._larger_side = self._side + self._increments[0]

    def find(self) -> Found:
        """Return format and grid of every output that is a map, or a vector for the whole image."""
        found: Found = {}
        min_sides = self._find_min_sides()
        for one in self._shapes.order:
            match = self._find_map(one, [grid for _, grid in found.values()])
            if match is not None:
                output_format, grid = match
                smallest = 1 if grid.stride == GLOBAL_STRIDE else grid.stride - grid.extra
                found[one] = output_format, replace(grid, min_side=max(smallest, min_sides[one]))
        return found

    def _find_map(self, one: OutputId, known: Sequence[Grid]) -> tuple[OutputFormat, Grid] | None:
        """Return how to convert an output to a map; None where it is none."""
        small = self._shapes.at(self._side)[one]
        large = self._shapes.at(self._larger_side).get(one, ())
        if len(small) != len(large) or small[:1] != (1,):
            return None
        varying = [
            axis for axis, pair in enumerate(zip(small, large, strict=True)) if pair[0] != pair[1]
        ]
        if len(small) == 4 and varying in ([2, 3], [1, 2]):
            grid = self._find_grid(one, varying[0])
            return None if grid is None else (OutputFormat(channels_last=varying == [1, 2]), grid)
        if len(small) == 3 and varying == [1]:
            return self._match_tokens(small[1], large[1], known)
        if not varying and is_vector(small):
            return OutputFormat(), Grid(GLOBAL_STRIDE, GLOBAL_STRIDE)
        return None

    def _match_tokens(
        self, small: int, large: int, known: Sequence[Grid]
    ) -> tuple[OutputFormat, Grid] | None:
        """Match a number of tokens with the positions of a map below, plus extra tokens."""
        for grid in reversed(known):
            extra = small - grid.count(self._side) ** 2
            if (
                0 <= extra <= MAX_EXTRA_TOKENS
                and extra == large - grid.count(self._larger_side) ** 2
            ):
                return OutputFormat(extra_tokens=extra), grid
        return None

    def _find_grid(self, one: OutputId, axis: int) -> Grid | None:
        """Return the positions along an axis; None where their distance is no whole number."""
        sides = [self._side + increment for increment in self._increments]
        for increment in self._increments:
            first, last = (self._shapes.at(self._side + n)[one][axis] for n in (0, increment))
            stride, rest = divmod(increment, last - first) if last > first else (0, 1)
            if rest:
                continue
            grid = self._find_offset(one, axis, first, stride)
            if all(self._shapes.at(side)[one][axis] == grid.count(side) for side in sides):
                return grid
        return None

    def _find_offset(self, one: OutputId, axis: int, first: int, stride: int) -> Grid:
        """Bisect for the side at which the number of positions increases."""
        low, high = 0, -(-stride // self._multiple)  # it increases at one of these multiples
        while high - low > 1:
            middle = (low + high) // 2
            if self._shapes.at(self._side + middle * self._multiple)[one][axis] > first:
                high = middle
            else:
                low = middle
        return Grid(stride, (first + 1) * stride - (self._side + high * self._multiple))

    def _find_min_sides(self) -> dict[OutputId, int]:
        """Return for each output the smallest side, of those tried, for which there is one."""
        found = dict.fromkeys(self._shapes.order, self._side)
        for side in reversed(SMALL_SIDES):
            if side < self._side and side % self._multiple == 0:
                computed: Shapes = {}
                with contextlib.suppress(Exception):  # too small for later submodules only
                    self._shapes.compute(side, computed)
                for one, shape in computed.items():
                    if one in found and 0 not in shape:
                        found[one] = side
        return found


def increments(multiple: int) -> list[int]:
    """Return the numbers of pixels by which images are enlarged, for sides of this multiple."""
    return [n for n in (*INCREMENTS, 16 * multiple) if n % multiple == 0]


def is_vector(shape: tuple[int, ...]) -> bool:
    """Return whether an output is a vector for the whole image."""
    return len(shape) == 2 or (len(shape) == 4 and shape[2:] == (1, 1))


def find_fixed_grids(shapes: ModuleShapes) -> Found:
    """Find the maps of a module that accepts images of one size only, from their shapes alone.

    Outputs N×C×h×h and N×h×h×C count as maps, and sequences whose number of tokens is that of a
    map, or a square, with at most ``MAX_EXTRA_TOKENS`` before it. The largest square is taken.
    """
    found: Found = {}
    side = shapes.side
    for one in shapes.order:
        shape = shapes.at(side)[one]
        if shape[:1] != (1,) or 0 in shape:
            continue
        if is_vector(shape):
            found[one] = OutputFormat(), Grid(side, 0, side, side)
        elif len(shape) == 4 and shape[2] == shape[3] <= side:
            found[one] = OutputFormat(), _fixed_grid(side, shape[2])
        elif len(shape) == 4 and shape[1] == shape[2] <= side:
            found[one] = OutputFormat(channels_last=True), _fixed_grid(side, shape[1])
        elif len(shape) == 3:
            rows = [grid.count(side) for _, grid in reversed(found.values())]
            for count in (*rows, int(shape[1] ** 0.5)):
                extra = shape[1] - count**2
                if count > 1 and 0 <= extra <= MAX_EXTRA_TOKENS:
                    found[one] = OutputFormat(extra_tokens=extra), _fixed_grid(side, count)
                    break
    return found


def _fixed_grid(side: int, count: int) -> Grid:
    """Return the grid of ``count`` positions in ``side`` pixels."""
    stride = side // count
    return Grid(stride, count * stride - side, side, side)

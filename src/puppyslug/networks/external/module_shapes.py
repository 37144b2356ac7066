"""Runs a module on images of several sizes, and keeps the shapes of what it computes."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from puppyslug.errors import NetworkError
from puppyslug.networks.external.hooks import run_with_hooks
from puppyslug.networks.external.outputs import OutputId

CHANNELS = (3, 1, 2, 4, *range(5, 17))  # of the input, which are tried
USUAL_SIDE = 224
SIDES = (USUAL_SIDE, 28, 32, 64, 48, 96, 128, 256, 384, 299, 512, 8, 16)  # likewise, in pixels

Shapes = dict[OutputId, tuple[int, ...]]


class ModuleShapes:
    """Runs a module on square images, on the meta device where possible.

    Attributes:
        module: the module.
        side: of the images that it was trained with, in pixels.
        channels: number of channels of its input.
        order: what it computes, in that order.
    """

    def __init__(self, module: nn.Module, side: int | None) -> None:
        """Find the number of channels, and the side.

        Args:
            module: takes N×C×H×W.
            side: of the images that it was trained with, in pixels; None for one that it accepts.

        Raises:
            NetworkError: it accepts no image of that size.
        """
        self.module = module
        self._paths = [
            path
            for path, part in module.named_modules()
            if not isinstance(part, _DropoutNd | torch.jit.ScriptModule)
        ]
        self._shapes: dict[int, Shapes] = {}
        try:
            self._meta_module = _copy_to_meta(module)
        except Exception:  # a module that cannot be copied is run itself
            self._meta_module = module
        self.side, self.channels = self._find_input(SIDES if side is None else (side,))
        self.order = list(self.at(self.side))

    def _find_input(self, sides: tuple[int, ...]) -> tuple[int, int]:
        weight = next((one for one in self.module.parameters() if one.dim() == 4), None)
        first = [] if weight is None else [weight.shape[1]]
        reason: Exception | None = None
        for side in sides:
            for channels in dict.fromkeys([*first, *CHANNELS]):
                self.channels = channels
                try:
                    self.at(side)
                except Exception as error:  # external code may raise anything
                    reason = reason or error
                else:
                    return side, channels
        text = " ".join(str(reason).split())[:160] or type(reason).__name__
        count = first[0] if first else CHANNELS[0]
        raise NetworkError(
            f"the module does not accept an image of {sides[0]}×{sides[0]} "
            f"(1×{count}×{sides[0]}×{sides[0]}): {text}; give the size that it was trained with as "
            "trained_at"
        ) from reason

    def accepts(self, side: int) -> bool:
        """Return whether the module accepts images of side×side."""
        try:
            self.at(side)
        except Exception:  # external code may raise anything
            return False
        return True

    def at(self, side: int) -> Shapes:
        """Return the shapes of all outputs for an image of side×side."""
        if side not in self._shapes:
            shapes: Shapes = {}
            self.compute(side, shapes)
            self._shapes[side] = shapes
        return self._shapes[side]

    def compute(self, side: int, shapes: Shapes) -> None:
        """Add the shapes of all outputs for an image of side×side, also of an incomplete run."""

        def on_output(output_id: OutputId, output: Tensor) -> None:
            shapes[output_id] = tuple(output.shape)

        with torch.no_grad():
            try:
                self._run_on_meta(side, on_output)
            except Exception:  # a module that creates tensors itself may not run on meta
                shapes.clear()
                x = self.random_image(side)
                run_with_hooks(self.module, self._paths, x, on_output)

    def random_image(self, side: int) -> Tensor:
        """Return an input of the module, 1×C×side×side, the same one in every process."""
        parameter = next(self.module.parameters(), torch.empty(0))
        generator = torch.Generator().manual_seed(0)
        image = torch.randn(1, self.channels, side, side, generator=generator)
        return image.to(device=parameter.device, dtype=parameter.dtype)

    def _run_on_meta(self, side: int, on_output: Callable[[OutputId, Tensor], None]) -> None:
        dtypes = [one.dtype for one in self._meta_module.parameters() if one.is_floating_point()]
        dtype = (dtypes or [torch.float32])[0]
        x = torch.empty(1, self.channels, side, side, device="meta", dtype=dtype)
        run_with_hooks(self._meta_module, self._paths, x, on_output)


def _copy_to_meta(module: nn.Module) -> nn.Module:
    """Return a copy of a module on the meta device, whose tensors have shapes but no data."""
    memo: dict[int, Any] = {
        id(one): nn.Parameter(torch.empty_like(one, device="meta"), requires_grad=False)
        for one in module.parameters()
    }
    memo |= {id(one): torch.empty_like(one, device="meta") for one in module.buffers()}
    return copy.deepcopy(module, memo)

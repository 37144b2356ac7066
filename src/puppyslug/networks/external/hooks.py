"""Reads the outputs of a module's submodules with forward hooks."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn


def run_with_hooks(
    module: nn.Module, names: Sequence[str], x: Tensor, on_output: Callable[[str, Any], None]
) -> Any:
    """Run a module and report the outputs of its submodules.

    Args:
        module: the module.
        names: dotted names of submodules; the empty name is the module itself.
        x: its input.
        on_output: called with the name and the first output of each submodule, as soon as it is
            computed. An exception in it ends the run.

    Returns:
        The module's output.
    """
    reported: set[str] = set()

    def make_hook(name: str) -> Callable[[nn.Module, Any, Any], Any]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            if name in reported:
                return None
            reported.add(name)
            on_output(name, output)
            # A later in-place operation would overwrite the reported output.
            return output.clone() if isinstance(output, Tensor) else None

        return hook

    submodules = dict(module.named_modules())
    handles = [submodules[name].register_forward_hook(make_hook(name)) for name in names]
    try:
        return module(x)
    finally:
        for handle in handles:
            handle.remove()

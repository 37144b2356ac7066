"""Reads the outputs of a module's submodules with forward hooks."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from puppyslug.networks.external.outputs import OutputId, flatten_output


def run_with_hooks(
    module: nn.Module, paths: Sequence[str], x: Tensor, on_output: Callable[[OutputId, Tensor], Any]
) -> Any:
    """Run a module and report the outputs of its submodules.

    Args:
        module: the module.
        paths: dotted names of submodules; the empty name is the module itself.
        x: its input.
        on_output: called with every tensor in the first output of each submodule, as soon as it is
            computed. An exception in it ends the run.

    Returns:
        The module's output.
    """
    reported: set[str] = set()

    def make_hook(path: str) -> Callable[[nn.Module, Any, Any], Any]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            if path in reported:
                return None
            reported.add(path)
            # A later in-place operation would overwrite what is reported, so it gets a copy.
            if isinstance(output, Tensor):
                on_output(OutputId(path), output)
                return output.clone()
            for key, tensor in flatten_output(output).items():
                on_output(OutputId(path, key), tensor.clone())
            return None

        return hook

    submodules = dict(module.named_modules())
    handles = [submodules[path].register_forward_hook(make_hook(path)) for path in paths]
    try:
        return module(x)
    finally:
        for handle in handles:
            handle.remove()

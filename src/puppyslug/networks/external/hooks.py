"""Reads the outputs of a module's submodules with forward hooks."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from puppyslug.networks.external.outputs import OutputId, flatten_output


def run_with_hooks(
    module: nn.Module, paths: Sequence[str], x: Tensor, on_output: Callable[[OutputId, Tensor], Any]
) -> Any:
    """Run a module and report the outputs of its submodules; its attributes stay as they are.

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
        with unchanged_attributes(module):
            return module(x)
    finally:
        for handle in handles:
            handle.remove()


@contextlib.contextmanager
def unchanged_attributes(module: nn.Module) -> Iterator[None]:
    """Restore the attributes of a module and its submodules afterwards.

    Some modules keep what they derive from the size of an image: Swin in transformers reduces its
    windows for a small one, and then refuses larger ones.
    """
    parts = [part for part in module.modules() if not isinstance(part, torch.jit.ScriptModule)]
    before = [dict(vars(part)) for part in parts]
    try:
        yield
    finally:
        for part, attributes in zip(parts, before, strict=True):
            for name, value in list(vars(part).items()):
                if name not in attributes:
                    del vars(part)[name]
                elif value is not attributes[name]:
                    vars(part)[name] = attributes[name]

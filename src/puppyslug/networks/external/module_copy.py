"""Copies of the modules of callers, so that theirs stay as they are."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from puppyslug.errors import NetworkError
from puppyslug.networks.external.torchscript import wrap_script


def copy_module(module: nn.Module) -> nn.Module:
    """Return a copy of a module for evaluation in float32, without gradients of its parameters.

    The caller's module keeps its mode, gradients, dtype, device and hooks, and later changes of its
    weights do not reach the copy.

    Raises:
        NetworkError: it is no module, or cannot be copied.
    """
    if not isinstance(module, nn.Module):
        raise NetworkError(
            f"a network is created from a torch.nn.Module, not from {type(module).__name__}"
        )
    try:
        if isinstance(module, torch.jit.ScriptModule):
            return wrap_script(module)
        copied = copy.deepcopy(module, _computed_tensors(module))
    except Exception as error:  # external code may raise anything
        text = " ".join(str(error).split())[:160] or type(error).__name__
        raise NetworkError(
            f"the module {type(module).__name__} cannot be copied: {text}; give it a __deepcopy__"
        ) from error
    return copied.float().eval().requires_grad_(False)


def _computed_tensors(module: nn.Module) -> dict[int, Any]:
    """Return copies of tensors that were computed with gradients, which deepcopy refuses.

    Weight normalisation, for instance, keeps its last result as an attribute.
    """
    computed: dict[int, Any] = {}
    for part in module.modules():
        for value in vars(part).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                computed[id(value)] = value.detach().clone()
    return computed

"""Isolation from the state of torch that callers set for the whole process or a block.

puppyslug computes in float32 with gradients on its own devices, whatever the default dtype and
device, inference mode, autocast or ``no_grad`` of the caller. Determinism is kept as it is set, but
operations that have no deterministic form warn, where torch would raise an error.
"""

import contextlib
import functools
import inspect
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from puppyslug.errors import RecipeError

_Function = TypeVar("_Function", bound=Callable[..., Any])
_AUTOCAST_DEVICES = ("cpu", "cuda", "mps")


_threaded_in: list[int] = []  # the process in which threads of torch were started, if any


def check_fork(threads: int | None = None) -> None:
    """Refuse to compute in several threads in a fork of a process that did.

    The threads do not exist in the fork, where torch would wait for them forever.

    Args:
        threads: number of threads; None for torch's setting.

    Raises:
        RecipeError: the computation would hang.
    """
    if (torch.get_num_threads() if threads is None else threads) == 1:
        return
    if not _threaded_in:
        _threaded_in.append(os.getpid())
    if _threaded_in[0] != os.getpid():
        raise RecipeError(
            "this process was forked from one that has computed in several threads, so torch would "
            "hang; start workers with multiprocessing.get_context('spawn'), or call "
            "torch.set_num_threads(1) first in each"
        )


if hasattr(os, "register_at_fork"):  # a fork computes in the one thread that it has
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


@contextlib.contextmanager
def standard_torch() -> Iterator[None]:
    """Run a block in torch's standard state, and restore the caller's afterwards.

    As a decorator, ``@standard_torch()`` does so for every call.
    """
    with contextlib.ExitStack() as stack:
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        if not torch.is_grad_enabled():
            stack.enter_context(torch.enable_grad())
        if torch.get_default_dtype() != torch.float32:
            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
            torch.set_default_dtype(torch.float32)
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        for device in _AUTOCAST_DEVICES:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        if torch.are_deterministic_algorithms_enabled():
            warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
            stack.callback(torch.use_deterministic_algorithms, True, warn_only=warn_only)
            torch.use_deterministic_algorithms(True, warn_only=True)
        yield


def isolated(function: _Function) -> _Function:
    """Run a function, or every step of a generator function, in ``standard_torch``.

    It raises RecipeError where the computation would hang; see ``check_fork``.
    """
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(*args: Any, **kwargs: Any) -> Any:
            steps = function(*args, **kwargs)
            sent = None
            try:
                while True:
                    check_fork()
                    with standard_torch():
                        try:
                            item = steps.send(sent)
                        except StopIteration as stop:
                            return stop.value
                    sent = yield item
            finally:
                with standard_torch():
                    steps.close()

        return cast(_Function, generate)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        check_fork()
        with standard_torch():
            return function(*args, **kwargs)

    return cast(_Function, call)


def copy_inference_tensor(tensor: Tensor) -> Tensor:
    """Return a tensor that autograd can use: a copy, if it was made in inference mode."""
    with torch.inference_mode(mode=False):
        return tensor.clone() if tensor.is_inference() else tensor


def copy_inference_weights(module: nn.Module) -> None:
    """Replace the weights of a module that were made in inference mode by copies."""
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None and parameter.is_inference():
                part._parameters[name] = nn.Parameter(copy_inference_tensor(parameter))
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = copy_inference_tensor(buffer)

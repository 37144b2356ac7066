"""Device and precision: what ``auto`` resolves to on this machine."""

import psutil
import torch

from puppyslug.errors import RecipeError, suggest
from puppyslug.networks.kernels.method import (
    DIRECT,
    KERNELS,
    NATIVE,
    TORCH,
    ConvolutionMethod,
)
from puppyslug.networks.kernels.native_library import load_library
from puppyslug.networks.kernels.tuning import choose_convolution

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "float32", "bfloat16")
# What "steady" resolves to: with so many channels, Winograd's method was faster on every machine.
STEADY_MIN_CHANNELS = {NATIVE: 64, TORCH: 256}


def resolve_device(device: str) -> str:
    """Resolve ``"auto"`` to the best device of this machine.

    Raises:
        RecipeError: the device is unknown, or this machine does not have it.
    """
    if device not in DEVICES:
        raise RecipeError(f"there is no device {device!r}; {suggest(device, DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise RecipeError(
            "device cuda is not available: this machine has no CUDA GPU, or torch is built "
            "without CUDA; use cpu"
        )
    if device == "mps" and not torch.backends.mps.is_available():
        raise RecipeError("device mps is not available: this machine has no Apple GPU; use cpu")
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def has_fast_bfloat16(device: str) -> bool:
    """Return whether the device computes bfloat16 natively rather than by emulation."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def free_memory(device: str) -> int:
    """Return the free memory of a device in bytes."""
    if device == "cuda":
        free: int = torch.cuda.mem_get_info()[0]
        return free
    return int(psutil.virtual_memory().available)


def resolve_precision(precision: str, device: str, *, exact: bool = False) -> str:
    """Resolve ``"auto"`` to bfloat16 on devices where it is fast, else to float32.

    Args:
        precision: name of a precision.
        device: where to compute.
        exact: whether ``"auto"`` always is float32, as for external modules, whose accuracy in
            bfloat16 is unknown.

    Raises:
        RecipeError: the precision is unknown.
    """
    if precision not in PRECISIONS:
        raise RecipeError(f"there is no precision {precision!r}; {suggest(precision, PRECISIONS)}")
    if precision != "auto":
        return precision
    return "bfloat16" if has_fast_bfloat16(device) and not exact else "float32"


def resolve_convolution(
    winograd: int | str, kernels: str, *, precision: str, device: str
) -> ConvolutionMethod:
    """Resolve how 3×3 convolutions are computed; GPUs use torch's own convolutions.

    Args:
        winograd: fewest channels for Winograd's method, ``"auto"`` for whatever is fastest on this
            machine, or ``"steady"`` for a constant, so that every process chooses the same.
        kernels: ``"native"``, ``"torch"`` or ``"auto"``.
        precision: resolved precision.
        device: resolved device.

    Raises:
        RecipeError: there are no such kernels.
    """
    if kernels not in KERNELS:
        raise RecipeError(f"there are no kernels {kernels!r}; {suggest(kernels, KERNELS)}")
    is_fast = precision == "float32" or has_fast_bfloat16(device)
    if device != "cpu" or precision == "float64":
        return DIRECT
    if kernels == NATIVE and load_library() is None:
        kernels = TORCH  # and the recipe says what was used
    if winograd not in ("auto", "steady"):
        # Recipes from before there were native kernels state a number, but no kernels.
        return ConvolutionMethod(int(winograd), TORCH if kernels == "auto" else kernels)
    if not is_fast:
        return DIRECT
    if kernels == "auto":
        kernels = TORCH if load_library() is None else NATIVE
    if winograd == "auto":
        return choose_convolution(precision, kernels)
    return ConvolutionMethod(STEADY_MIN_CHANNELS[kernels], kernels)

"""What ``auto`` means on this machine."""

import psutil
import torch

from puppyslug.errors import RecipeError, nearest
from puppyslug.networks.kernels import measure_winograd_from

DEVICES = ("auto", "cpu", "cuda", "mps")
STEADY = 256  # channels, from which on Winograd's method has been faster on every machine yet
PRECISIONS = ("auto", "float32", "bfloat16")


def resolve_device(device: str) -> str:
    """Turn ``"auto"`` into the device that this machine has.

    Raises:
        RecipeError: a device that this machine does not have.
    """
    if device not in DEVICES:
        raise RecipeError(f"there is no device {device!r}; {nearest(device, DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise RecipeError("there is no CUDA device here, or torch is built without; use cpu")
    if device == "mps" and not torch.backends.mps.is_available():
        raise RecipeError("there is no Apple GPU here; use cpu")
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def fast_in_bfloat16(device: str) -> bool:
    """Whether the device computes in bfloat16, instead of going a long way round."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def free_memory(device: str) -> int:
    """Bytes of memory that the device has free."""
    if device == "cuda":
        free: int = torch.cuda.mem_get_info()[0]
        return free
    return int(psutil.virtual_memory().available)


def resolve_precision(precision: str, device: str, *, exact: bool = False) -> str:
    """Turn ``"auto"`` into bfloat16 where the device is fast in it, else float32.

    Args:
        precision: what was asked for.
        device: where to compute.
        exact: whether ``"auto"`` is float32 everywhere, as for modules that nobody has tried.

    Raises:
        RecipeError: an unknown precision.
    """
    if precision not in PRECISIONS:
        raise RecipeError(f"there is no precision {precision!r}; {nearest(precision, PRECISIONS)}")
    if precision != "auto":
        return precision
    return "bfloat16" if fast_in_bfloat16(device) and not exact else "float32"


def resolve_winograd(winograd: int | str, precision: str, device: str) -> int:
    """Turn ``"auto"`` into the fewest channels for which Winograd's method is faster here.

    ``"steady"`` is a number that is not measured, so that another process chooses the same. Both
    are off in float32, which is the reference, and on a GPU, whose own library decides.
    """
    if winograd not in ("auto", "steady"):
        return int(winograd)
    if precision != "bfloat16" or device != "cpu" or not fast_in_bfloat16(device):
        return 0
    return measure_winograd_from() if winograd == "auto" else STEADY

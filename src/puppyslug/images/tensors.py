"""Images that callers pass as tensors: converted where their meaning is plain, else refused."""

from typing import Any

import torch
from torch import Tensor

from puppyslug.errors import ImageError
from puppyslug.images.reader import LoadedImage
from puppyslug.images.sizes import Size

_FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
_TOLERANCE = 0.5  # beyond [0, 1], for the overshoot of bicubic and Lanczos resampling


def as_image_tensor(image: Any, name: str = "the image", *, batch: bool = False) -> Tensor:
    """Return an image as float32, without gradients.

    Args:
        image: N×3×H×W RGB, as floating-point numbers in [0, 1] or as bytes; or a loaded image.
        name: what to call it in messages.
        batch: whether N may be more than 1.

    Raises:
        ImageError: it is something else, is empty, or has values outside of [0, 1].
    """
    expected = f"{'N' if batch else 1}×3×H×W, RGB in [0, 1], such as load_image(…).image"
    if isinstance(image, LoadedImage):
        image = image.image
    if not isinstance(image, Tensor):
        raise ImageError(f"{name} is of type {type(image).__name__}; use a tensor {expected}")
    shape = "×".join(str(length) for length in image.shape) or "no dimensions"
    if image.dim() != 4 or image.shape[1] != 3:
        raise ImageError(f"{name} is a tensor of {shape}; it should be {expected}{_advice(image)}")
    if image.numel() == 0 or (len(image) != 1 and not batch):
        raise ImageError(f"{name} is a tensor of {shape}; it should be a single image, {expected}")
    if image.dtype == torch.uint8:
        image = image.to(torch.float32) / 255
    return _check_values(image, name)


def as_mask_tensor(mask: Any, size: Size) -> Tensor:
    """Return a mask as float32, without gradients.

    Args:
        mask: 1×1×H×W, as floating-point numbers in [0, 1], booleans or bytes.
        size: (height, width) of the image.

    Raises:
        ImageError: it is something else, or has values outside of [0, 1].
    """
    expected = f"a tensor 1×1×{size[0]}×{size[1]} (the image's size) of numbers in [0, 1]"
    if not isinstance(mask, Tensor) or mask.shape != (1, 1, *size):
        kind = (
            f"a tensor of {'×'.join(map(str, mask.shape))}"
            if isinstance(mask, Tensor)
            else f"of type {type(mask).__name__}"
        )
        raise ImageError(f"the mask is {kind}; it should be {expected}")
    if mask.dtype == torch.bool:
        mask = mask.to(torch.float32)
    elif mask.dtype == torch.uint8:
        if int(mask.max()) == 1:
            raise ImageError("the mask has bytes of 0 and 1; use mask.bool(), or 0 and 255")
        mask = mask.to(torch.float32) / 255
    return _check_values(mask, "the mask")


def as_finite_tensor(tensor: Any, name: str, channels: int) -> Tensor:
    """Return a tensor 1×C×H×W of any range as float32, without gradients.

    Raises:
        ImageError: it is something else, or has values that are not finite.
    """
    if not (isinstance(tensor, Tensor) and tensor.dim() == 4 and tensor.shape[1] == channels):
        raise ImageError(f"{name} should be a tensor 1×{channels}×h×w")
    return _check_values(tensor, name, limited=False)


def _advice(image: Tensor) -> str:
    """Return how to convert a tensor of another shape."""
    if image.dim() == 3 and image.shape[0] == 3:
        return "; add a dimension with image[None]"
    if image.dim() in (3, 4) and image.shape[-1] == 3:
        return (
            f"; move the channels with image{'' if image.dim() == 4 else '[None]'}.movedim(-1, 1)"
        )
    if image.dim() == 4 and image.shape[1] == 1:
        return "; repeat the channel with image.expand(-1, 3, -1, -1)"
    return ""


def _check_values(tensor: Tensor, name: str, *, limited: bool = True) -> Tensor:
    """Convert to float32 without gradients, and check the values."""
    if tensor.dtype not in _FLOATS:
        raise ImageError(
            f"{name} is of {str(tensor.dtype).removeprefix('torch.')}; use floating-point numbers "
            "in [0, 1]"
        )
    tensor = tensor.detach().to(torch.float32)
    if tensor.is_inference():
        tensor = tensor.clone()
    low, high = (float(value) for value in torch.aminmax(tensor))
    if not (low > -float("inf") and high < float("inf")):
        raise ImageError(f"{name} has values that are not finite (NaN or infinity); replace them")
    if limited and not (low >= -_TOLERANCE and high <= 1 + _TOLERANCE):
        advice = (
            "divide by 255"
            if low >= -_TOLERANCE and high <= 255 + _TOLERANCE
            else "leave out the normalisation, which networks apply themselves"
        )
        raise ImageError(f"{name} has values from {low:.3g} to {high:.3g}, not in [0, 1]; {advice}")
    return tensor

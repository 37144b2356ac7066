"""The notebook's resampling between octaves."""

from torch import Tensor
from torch.nn.functional import interpolate


def resize(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample as the notebook of 2015 does between octaves: bilinear, corner-aligned, no blur.

    It equals ``scipy.ndimage.zoom(…, order=1)``, which the notebook calls.

    Args:
        image: N×C×H×W, any range.
        size: (height, width) to arrive at.

    Returns:
        N×C×height×width; the same tensor where the size is already right.
    """
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    return interpolate(image, size=size, mode="bilinear", align_corners=True)

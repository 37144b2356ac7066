"""The notebook's resampling between octaves."""

from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.images.sizes import Size


def resize(image: Tensor, size: Size) -> Tensor:
    """Resample bilinearly with aligned corners and no antialiasing, as the notebook of 2015 does.

    Equivalent to ``scipy.ndimage.zoom(…, order=1)``, which the notebook uses between octaves.

    Args:
        image: N×C×H×W, any range.
        size: (height, width) of the result.

    Returns:
        N×C×height×width; the same tensor if it already has this size.
    """
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    return interpolate(image, size=size, mode="bilinear", align_corners=True)

"""Heat maps: a picture that glows where a network sees a thing."""

import torch
from PIL import Image
from torch import Tensor

from puppyslug.images import to_pil
from puppyslug.images.colour import luminance

_GLOW = (1.0, 0.62, 0.16)  # RGB of full heat
_DIM = 0.35  # how bright the rest of the picture stays


def heat_map(image: Tensor, heat: Tensor) -> Image.Image:
    """Light up a picture where it is hot, and dim it to grey elsewhere.

    Args:
        image: 1×3×H×W RGB in [0, 1].
        heat: 1×1×H×W in [0, 1].

    Returns:
        A picture of mode RGB, H×W.
    """
    cold = _DIM * luminance(image)
    glow = torch.tensor(_GLOW).to(image).reshape(1, 3, 1, 1)
    hot = image.lerp(glow, 0.25 * heat)
    return to_pil(torch.lerp(cold.expand_as(image), hot, heat).clamp(0, 1))

"""Heat maps drawn over an image."""

import torch
from PIL import Image
from torch import Tensor

from puppyslug.images import to_pil
from puppyslug.images.colour import luminance

_HEAT_COLOUR = (1.0, 0.62, 0.16)  # RGB at full heat
_BACKGROUND_BRIGHTNESS = 0.35  # of the image where there is no heat


def draw_heat_map(image: Tensor, heat: Tensor) -> Image.Image:
    """Highlight the parts of an image with high heat; show the rest in dark grey.

    Args:
        image: 1×3×H×W RGB in [0, 1].
        heat: 1×1×H×W in [0, 1].

    Returns:
        An H×W image of mode RGB.
    """
    background = _BACKGROUND_BRIGHTNESS * luminance(image)
    colour = torch.tensor(_HEAT_COLOUR).to(image).reshape(1, 3, 1, 1)
    highlighted = image.lerp(colour, 0.25 * heat)
    return to_pil(torch.lerp(background.expand_as(image), highlighted, heat).clamp(0, 1))

"""Fourier parameterisation of images, with decorrelated colours.

Gradient ascent on these coefficients favours no spatial scale and no colour, whereas ascent on
pixels favours high frequencies (Olah, Mordvintsev and Schubert, "Feature Visualization", Distill
2017; Lucid's ``param``).
"""

import math

import torch
from torch import Tensor

from puppyslug.images.sizes import Size

# Square root of the covariance of red, green and blue in the photographs of ImageNet, as published
# with Lucid (Apache-2.0). Its columns are luminance and two colour contrasts.
_COLOUR_CORRELATION = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
INITIAL_STD = 0.02  # standard deviation of the initial coefficients
_CONTRAST_DIVISOR = 4.0  # divides the image before the sigmoid


class FourierImages:
    """A batch of images, represented by their Fourier coefficients.

    Attributes:
        size: (height, width).
        coefficients: N×C×height×(width // 2 + 1)×2, the leaf tensor to optimise; C is 3, or 4 with
            transparency.
    """

    def __init__(
        self,
        count: int,
        size: Size,
        generator: torch.Generator,
        *,
        decay: float = 1.2,
        transparent: bool = False,
        device: torch.device | str = "cpu",
    ) -> None:
        """Initialise the coefficients with noise.

        Args:
            count: number of images.
            size: (height, width).
            generator: source of the noise; a CPU generator.
            decay: exponent of the wavelength by which coefficients are scaled: the larger, the
                weaker are high frequencies, and the slower they change.
            transparent: whether the images have an alpha channel.
            device: device of the coefficients.
        """
        self.size = size
        rows = torch.fft.fftfreq(size[0])[:, None]
        columns = torch.fft.rfftfreq(size[1])[None]
        frequency = (rows.square() + columns.square()).sqrt().clamp(min=1 / max(size))
        scale = frequency**-decay * math.sqrt(size[0] * size[1]) / _CONTRAST_DIVISOR
        self._scale = (scale * max(size) ** (1 - decay)).to(device)
        shape = (count, 4 if transparent else 3, *frequency.shape, 2)
        noise = torch.randn(shape, generator=generator) * INITIAL_STD
        self.coefficients = noise.to(device).requires_grad_()
        colours = torch.tensor(_COLOUR_CORRELATION)
        self._colours = (colours / colours.norm(dim=0).max()).to(device)

    def decode(self) -> tuple[Tensor, Tensor | None]:
        """Compute the pixels.

        Returns:
            N×3×height×width RGB in [0, 1]; and N×1×height×width alpha in [0, 1], or None.
        """
        spectrum = torch.view_as_complex(self.coefficients) * self._scale
        planes = torch.fft.irfft2(spectrum, s=self.size)
        rgb = torch.einsum("nchw,dc->ndhw", planes[:, :3], self._colours).sigmoid()
        return rgb, planes[:, 3:].sigmoid() if planes.shape[1] > 3 else None

"""What a portrait is made of: a picture as its spectrum, with colours that do not hang together.

Climbing in these coordinates favours no scale and no colour over another, where pixels favour grain
(Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017; Lucid's ``param``).
"""

import math

import torch
from torch import Tensor

from puppyslug.images.sizes import Size

# How red, green and blue hang together in photographs of ImageNet: the square root of their
# covariance, as published with Lucid (Apache-2.0); its columns are light, and two contrasts.
_COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
DEVIATION = 0.02  # of the numbers that a spectrum begins with
_CONTRAST = 4.0  # divides the picture before it is squashed into [0, 1]


class Fourier:
    """Pictures as spectra.

    Attributes:
        size: (height, width).
        numbers: N×C×height×(width // 2 + 1)×2, what is climbed; C is 3, or 4 with transparency.
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
        """Begin with soft noise.

        Args:
            count: how many pictures.
            size: (height, width).
            generator: where the noise comes from; on the processor.
            decay: how much weaker fine waves begin and move: wavelength to this power.
            transparent: whether the pictures have transparency.
            device: where to compute.
        """
        self.size = size
        rows = torch.fft.fftfreq(size[0])[:, None]
        columns = torch.fft.rfftfreq(size[1])[None]
        frequency = (rows.square() + columns.square()).sqrt().clamp(min=1 / max(size))
        scale = frequency**-decay * math.sqrt(size[0] * size[1]) / _CONTRAST
        self._scale = (scale * max(size) ** (1 - decay)).to(device)
        shape = (count, 4 if transparent else 3, *frequency.shape, 2)
        start = torch.randn(shape, generator=generator) * DEVIATION
        self.numbers = start.to(device).requires_grad_()
        colours = torch.tensor(_COLOURS)
        self._colours = (colours / colours.norm(dim=0).max()).to(device)

    def picture(self) -> tuple[Tensor, Tensor | None]:
        """The pictures, N×3×height×width RGB in [0, 1]; and N×1×height×width alpha, or None."""
        waves = torch.view_as_complex(self.numbers) * self._scale
        planes = torch.fft.irfft2(waves, s=self.size)
        coloured = torch.einsum("nchw,dc->ndhw", planes[:, :3], self._colours).sigmoid()
        return coloured, planes[:, 3:].sigmoid() if planes.shape[1] > 3 else None

"""Fourier parameterisation of images, with decorrelated colours.

Gradient ascent on these coefficients favours no spatial scale and no colour, whereas ascent on
pixels favours high frequencies (Olah, Mordvintsev and Schubert, "Feature Visualization", Distill
2017; Lucid's ``param``).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from puppyslug.images.sizes import Size

# Square root of the covariance of red, green and blue in the photographs of ImageNet, as published
# with Lucid (Apache-2.0). Its columns are luminance and two colour contrasts.
_COLOUR_CORRELATION = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
INITIAL_STD = 0.02  # standard deviation of the initial coefficients
_CONTRAST_DIVISOR = 4.0  # divides the image before the sigmoid
DARKEST, BRIGHTEST = 0.02, 0.98  # of a base, whose logit would be infinite at 0 and 1
_NEGLIGIBLE = 30.0  # exponent from which the low-pass filter is 0


class FourierImages:
    """A batch of images, represented by their Fourier coefficients.

    An image is the sigmoid of what the coefficients stand for, added to the logit of a base image.

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
        initial_std: float = INITIAL_STD,
        base: Tensor | None = None,
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
            initial_std: standard deviation of the noise.
            base: 1×3×height×width or 1×3×1×1 RGB in [0, 1], the image that coefficients of 0 give;
                None for medium grey.
            device: device of the coefficients.
        """
        self.size = size
        rows = torch.fft.fftfreq(size[0])[:, None]
        columns = torch.fft.rfftfreq(size[1])[None]
        frequency = (rows.square() + columns.square()).sqrt().clamp(min=1 / max(size))
        scale = frequency**-decay * math.sqrt(size[0] * size[1]) / _CONTRAST_DIVISOR
        self._frequency = frequency.to(device)
        self._scale = (scale * max(size) ** (1 - decay)).to(device)
        shape = (count, 4 if transparent else 3, *frequency.shape, 2)
        noise = torch.randn(shape, generator=generator) * initial_std
        self.coefficients = noise.to(device).requires_grad_()
        colours = torch.tensor(_COLOUR_CORRELATION)
        self._colours = (colours / colours.norm(dim=0).max()).to(device)
        self._base = None
        if base is not None:
            self._base = base.to(device).clamp(DARKEST, BRIGHTEST).logit()

    def restrict_to_grey(self) -> None:
        """Make the images grey, for networks that see the brightness only."""
        grey = torch.tensor([[1.0, 0.0, 0.0]] * 3) / math.sqrt(3)
        self._colours = grey.to(self._colours.device)

    def scale_chroma(self, factor: float) -> None:
        """Make colours change faster, or slower if the factor is below 1, than brightness."""
        self._colours = self._colours * self._colours.new_tensor([1.0, factor, factor])

    @property
    def parameters(self) -> list[Tensor]:
        """The tensor to optimise."""
        return [self.coefficients]

    def encode(self, image: Tensor) -> None:
        """Set the coefficients so that all images equal a given one, with their noise added.

        Args:
            image: 1×3×height×width RGB in [0, 1]; black and white are approximated.
        """
        logits = image.to(self._scale.device).clamp(DARKEST, BRIGHTEST).logit()
        planes = torch.einsum("nchw,dc->ndhw", logits, torch.linalg.pinv(self._colours))
        spectrum = torch.view_as_real(torch.fft.rfft2(planes) / self._scale)
        with torch.no_grad():
            self.coefficients[:, :3] += spectrum

    def decode(
        self, cutoff: float | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Compute the pixels.

        Args:
            cutoff: frequency, in cycles per pixel, above which coefficients are damped by
                exp(−(frequency / cutoff)⁴); None for none.
            mask: N×1×height×width, how much each pixel may differ from the base; None for fully.

        Returns:
            N×3×height×width RGB in [0, 1]; and N×1×height×width alpha in [0, 1], or None.
        """
        scale = self._scale
        if cutoff is not None:
            exponent = (self._frequency / cutoff).square().square()
            damping = torch.exp(-exponent.clamp(max=_NEGLIGIBLE))  # no denormals, which are slow
            scale = scale * damping * (exponent < _NEGLIGIBLE)
        spectrum = torch.view_as_complex(self.coefficients) * scale
        planes = torch.fft.irfft2(spectrum, s=self.size)
        logits = torch.einsum("nchw,dc->ndhw", planes[:, :3], self._colours)
        if mask is not None:
            logits = logits * mask
        if self._base is not None:
            logits = logits + self._base
        return logits.sigmoid(), planes[:, 3:].sigmoid() if planes.shape[1] > 3 else None

    def select(self, numbers: Sequence[int]) -> None:
        """Keep only some images of the batch."""
        self.coefficients = self.coefficients.detach()[list(numbers)].requires_grad_()

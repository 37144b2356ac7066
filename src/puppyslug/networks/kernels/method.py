"""How frozen 3×3 and depthwise convolutions are computed."""

from typing import NamedTuple

from torch import Tensor

from puppyslug.networks.kernels.native_library import library_for

NATIVE, TORCH = "native", "torch"
KERNELS = ("auto", NATIVE, TORCH)
TILE_ALIGNMENT = 4  # positions; the side of an output tile of Winograd's method


class ConvolutionMethod(NamedTuple):
    """The method of convolutions; methods differ in speed and in rounding.

    Attributes:
        winograd_min_channels: fewest channels for which 3×3 convolutions use Winograd's method; 0
            for never.
        kernels: what computes its transforms and depthwise convolutions: ``"native"`` for the
            compiled library, ``"torch"`` for torch's operations.
    """

    winograd_min_channels: int = 0
    kernels: str = TORCH

    @property
    def tile_alignment(self) -> int:
        """See ``Network.tile_alignment``."""
        is_aligned = self.winograd_min_channels > 0 and self.kernels == NATIVE
        return TILE_ALIGNMENT if is_aligned else 1  # 1 as in recipes from before native kernels

    def uses_library(self, x: Tensor) -> bool:
        """Return whether the compiled library computes a tensor."""
        return self.kernels == NATIVE and library_for(x) is not None


DIRECT = ConvolutionMethod()


def uses_cpu_kernels(x: Tensor) -> bool:
    """Return whether this package's layers compute a tensor, rather than torch's own.

    A GPU's own convolution, ReLU and pooling are fast; many small operations in their place would
    each be started on their own.
    """
    return x.device.type == "cpu"

"""How frozen 3×3 convolutions are computed."""

from typing import NamedTuple

NATIVE, TORCH = "native", "torch"
KERNELS = ("auto", NATIVE, TORCH)
TILE_ALIGNMENT = 4  # positions; the side of an output tile of Winograd's method


class ConvolutionMethod(NamedTuple):
    """The method of 3×3 convolutions; methods differ in speed and in rounding.

    Attributes:
        winograd_min_channels: fewest channels for which Winograd's method is used; 0 for never.
        kernels: what computes its transforms: ``"native"`` for the compiled library, ``"torch"``
            for torch's operations.
    """

    winograd_min_channels: int = 0
    kernels: str = TORCH

    @property
    def tile_alignment(self) -> int:
        """See ``Network.tile_alignment``."""
        is_aligned = self.winograd_min_channels > 0 and self.kernels == NATIVE
        return TILE_ALIGNMENT if is_aligned else 1  # 1 as in recipes from before native kernels


DIRECT = ConvolutionMethod()

"""Winograd's method by the compiled library: ``native.c``, built when puppyslug is installed.

It rounds otherwise than ``winograd.winograd``. Each thread transforms and multiplies one strip of
tiles at a time, so that the strip stays in its cache.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from puppyslug.networks.kernels.native_library import Tiles, library_for, run_in_threads
from puppyslug.networks.kernels.winograd import TILE

STRIP_VALUES = 1 << 19  # transformed values that a thread works on at a time

_Strip = tuple[int, int, int]  # number of the image, first tile, number of tiles


def native_winograd(
    images: Tensor,
    weights: Tensor,
    bias: Tensor | None = None,
    *,
    relu: bool = False,
    mask: Tensor | None = None,
    signs: Tensor | None = None,
) -> Tensor:
    """Convolve 3×3 with stride 1 and padding 1, like ``winograd.winograd``.

    Args:
        images: N×H×W×C, contiguous, float32 or bfloat16, on the CPU.
        weights: from ``winograd.transform_weights``, in the type of the images.
        bias: C' numbers, or None.
        relu: whether to apply a ReLU.
        mask: from ``pack_signs``: the images are set to zero where these are not positive.
        signs: filled with the signs of the result, N×H×W×C'/32 int32.

    Returns:
        N×H×W×C'.
    """
    count, height, width, in_channels = images.shape
    out_channels = weights.shape[2]
    results = images.new_empty(count, height, width, out_channels)
    bias = None if bias is None else bias.float().contiguous()
    library = library_for(images)
    assert library is not None
    across, total = -(-width // TILE), -(-width // TILE) * -(-height // TILE)
    tiles = _strip_tiles(total * count, max(in_channels, out_channels))
    strips: Iterator[_Strip] = iter(  # of a list, which several threads may share
        [(n, at, min(tiles, total - at)) for n in range(count) for at in range(0, total, tiles)]
    )

    @torch.no_grad()
    def convolve_strips() -> None:
        inputs = images.new_empty(36, tiles, in_channels)
        products = images.new_empty(36, tiles, out_channels)
        is_bfloat16 = images.dtype == torch.bfloat16
        for n, first, number in strips:
            place = (across, first, number)
            plane = tiles * in_channels
            source = Tiles(height, width, in_channels, *place, plane, is_bfloat16)
            library.transform_inputs(
                source, _address(images, n), _address(mask, n), inputs.data_ptr()
            )
            torch.bmm(inputs[:, :number], weights, out=products[:, :number])
            plane = tiles * out_channels
            target = Tiles(height, width, out_channels, *place, plane, is_bfloat16, relu)
            library.transform_outputs(
                *(target, products.data_ptr(), _address(bias)),
                *(_address(results, n), _address(signs, n)),
            )

    run_in_threads(convolve_strips)
    return results


def _strip_tiles(total: int, channels: int) -> int:
    """Return the number of tiles in a strip, chosen so that all threads have as many strips."""
    # Each strip reads all the weights: with too few tiles, that would take most of the time.
    threads = torch.get_num_threads()
    largest = max(STRIP_VALUES // (36 * channels), channels // 2)
    rounds = -(-total // (largest * threads))
    return -(-total // (rounds * threads))


def _address(tensor: Tensor | None, number: int | None = None) -> int | None:
    """Return the address of a tensor, or of one image in it; None without a tensor."""
    if tensor is None:
        return None
    return tensor.data_ptr() if number is None else tensor[number].data_ptr()

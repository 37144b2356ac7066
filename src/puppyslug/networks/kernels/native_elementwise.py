"""Signs, ReLU and max pooling by the compiled library; equal to the torch versions to the bit.

The torch versions are in ``sign_bits`` and ``pooling``, which use these where they can.
"""

import itertools

import torch
from torch import Tensor

from puppyslug.networks.kernels.native_library import library_for, share_tasks

CHUNK_VALUES = 1 << 18  # that a thread works on at a time; a multiple of a word
WORD = 32  # signs in a word


def packs_signs(x: Tensor) -> bool:
    """Return whether the library packs the signs of …×C."""
    return x.shape[-1] % WORD == 0 and library_for(x) is not None


def pack_signs(activation: Tensor) -> Tensor:
    """Pack one bit for each element of …×C: whether it is positive.

    Returns:
        …×C/32 int32.
    """
    library = library_for(activation)
    assert library is not None
    *shape, channels = activation.shape
    signs = activation.new_empty(*shape, channels // WORD, dtype=torch.int32)
    values, words = activation.view(-1), signs.view(-1)
    is_bfloat16 = activation.dtype == torch.bfloat16

    def pack_chunk(start: int) -> None:
        chunk = values[start : start + CHUNK_VALUES]
        target = words[start // WORD :].data_ptr()
        library.pack_signs(chunk.data_ptr(), target, len(chunk), is_bfloat16)

    share_tasks(pack_chunk, zip(range(0, len(values), CHUNK_VALUES), strict=True))
    return signs


def mask_by_signs(gradient: Tensor, signs: Tensor) -> Tensor:
    """Return the gradient where the activation was positive, and zero elsewhere."""
    library = library_for(gradient)
    assert library is not None
    result = torch.empty_like(gradient)
    values, masked, words = gradient.view(-1), result.view(-1), signs.view(-1)
    is_bfloat16 = gradient.dtype == torch.bfloat16

    def mask_chunk(start: int) -> None:
        chunk, target = values[start : start + CHUNK_VALUES], masked[start:].data_ptr()
        signs_pointer = words[start // WORD :].data_ptr()
        library.mask_by_signs(chunk.data_ptr(), signs_pointer, target, len(chunk), is_bfloat16)

    share_tasks(mask_chunk, zip(range(0, len(values), CHUNK_VALUES), strict=True))
    return result


def relu_max_pool(images: Tensor) -> tuple[Tensor, Tensor]:
    """Apply a ReLU and a 2×2 max pooling; an odd last row or column is dropped.

    Args:
        images: N×H×W×C, contiguous, float32 or bfloat16, on the CPU.

    Returns:
        N×⌊H/2⌋×⌊W/2⌋×C, and the index of each first maximum as int8, 4 where none is positive.
    """
    count, height, width, channels = images.shape
    maxima = images.new_empty(count, height // 2, width // 2, channels)
    index = torch.empty_like(maxima, dtype=torch.int8)
    library = library_for(images)
    assert library is not None
    pool = getattr(library, f"pool_{_type_name(images)}")

    def pool_row(n: int, y: int) -> None:
        top, bottom = images[n, 2 * y].data_ptr(), images[n, 2 * y + 1].data_ptr()
        pool(top, bottom, width, channels, maxima[n, y].data_ptr(), index[n, y].data_ptr())

    share_tasks(pool_row, itertools.product(range(count), range(height // 2)))
    return maxima, index


def unpool(gradient: Tensor, index: Tensor, size: torch.Size) -> Tensor:
    """Propagate a gradient back through ``relu_max_pool``.

    Args:
        gradient: N×⌊H/2⌋×⌊W/2⌋×C, contiguous.
        index: from ``relu_max_pool``.
        size: N×H×W×C, of the images.
    """
    count, height, width, channels = size
    result = gradient.new_empty(size)
    result[:, height // 2 * 2 :] = 0
    result[:, :, width // 2 * 2 :] = 0
    library = library_for(gradient)
    assert library is not None
    unpool_row = getattr(library, f"unpool_{_type_name(gradient)}")

    def unpool_window_row(n: int, y: int) -> None:
        top, bottom = result[n, 2 * y].data_ptr(), result[n, 2 * y + 1].data_ptr()
        pointers = (gradient[n, y].data_ptr(), index[n, y].data_ptr())
        unpool_row(*pointers, width, channels, top, bottom)

    share_tasks(unpool_window_row, itertools.product(range(count), range(height // 2)))
    return result


def _type_name(x: Tensor) -> str:
    return str(x.dtype).removeprefix("torch.")

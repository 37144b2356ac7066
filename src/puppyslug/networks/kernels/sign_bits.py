"""ReLU as an integer operation, and the signs of its output packed into one bit each.

Non-negative floating-point numbers have the same order as the integers of the same bits, and every
negative number is a negative integer. So clamping the integers at 0 is a ReLU, and integer
operations are several times faster on a CPU than comparisons in bfloat16.
"""

import torch
from torch import Tensor

from puppyslug.networks.kernels import native_elementwise

_INTEGERS = {
    torch.bfloat16: torch.int16,
    torch.float16: torch.int16,
    torch.float32: torch.int32,
    torch.float64: torch.int64,
}


def to_channels_last(x: Tensor) -> Tensor:
    """Return N×C×H×W as a contiguous N×H×W×C, without a copy where it is channels_last."""
    return x.permute(0, 2, 3, 1).contiguous()


def as_integers(x: Tensor) -> Tensor:
    """Return the bits of ``x`` as signed integers of the same width, sharing its memory."""
    return x.view(_INTEGERS[x.dtype])


def relu_(x: Tensor) -> Tensor:
    """Apply a ReLU in place."""
    as_integers(x).clamp_(min=0)
    return x


def pack_signs(activation: Tensor) -> Tensor:
    """Pack one bit for each element: whether it is positive.

    Args:
        activation: contiguous, of any shape, after a ReLU.

    Returns:
        The bits, packed into integers.
    """
    if native_elementwise.packs_signs(activation):
        return native_elementwise.pack_signs(activation)
    bits = _as_words(activation)
    words, bit = torch.zeros_like(bits[0]), torch.empty_like(bits[0])
    for row in bits:
        torch.clamp(row, max=1, out=bit)
        torch.add(bit, words, alpha=2, out=words)
    return words


def mask_by_signs(gradient: Tensor, words: Tensor) -> Tensor:
    """Return the gradient where the activation was positive, and zero elsewhere.

    Args:
        gradient: contiguous, of the activation's shape and type.
        words: what ``pack_signs`` returned.
    """
    if native_elementwise.packs_signs(gradient):
        return native_elementwise.mask_by_signs(gradient, words)
    rows = _as_words(gradient)
    width, mask = rows.shape[0], torch.empty_like(words)
    result = torch.empty_like(rows)
    for index, row in enumerate(rows):
        torch.bitwise_left_shift(words, index, out=mask)
        mask.bitwise_right_shift_(width - 1)  # all ones or all zeros
        torch.bitwise_and(row, mask, out=result[index])
    return result.view(gradient.dtype).flatten()[: gradient.numel()].view_as(gradient)


def _as_words(x: Tensor) -> Tensor:
    """Return the bits of ``x`` in as many rows as an integer has bits, padded if need be."""
    bits = as_integers(x).flatten()
    width = 8 * x.element_size()
    if padding := -bits.numel() % width:
        bits = torch.cat([bits, bits.new_zeros(padding)])
    return bits.view(width, -1)

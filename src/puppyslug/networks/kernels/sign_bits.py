"""ReLU on the bits of numbers, and its signs packed into one bit each.

Non-negative floating-point numbers are ordered as the integers of the same bits are, and every
negative number is a negative integer. So clamping the integers at 0 is a ReLU, and integer
operations are several times faster on a processor than comparisons in bfloat16.
"""

import torch
from torch import Tensor

_INTEGERS = {
    torch.bfloat16: torch.int16,
    torch.float16: torch.int16,
    torch.float32: torch.int32,
    torch.float64: torch.int64,
}


def pixels(x: Tensor) -> Tensor:
    """N×C×H×W as a contiguous N×H×W×C, without a copy where it is channels_last."""
    return x.permute(0, 2, 3, 1).contiguous()


def integers(x: Tensor) -> Tensor:
    """The bits of ``x`` as signed integers of the same width, sharing its memory."""
    return x.view(_INTEGERS[x.dtype])


def relu_(x: Tensor) -> Tensor:
    """ReLU in place."""
    integers(x).clamp_(min=0)
    return x


def pack_signs(activation: Tensor) -> Tensor:
    """One bit an element: whether it is positive.

    Args:
        activation: contiguous, of any shape, after a ReLU.

    Returns:
        The bits, packed into integers as wide as the activation's numbers.
    """
    bits = _in_words(activation)
    words, one = torch.zeros_like(bits[0]), torch.empty_like(bits[0])
    for part in bits:
        torch.clamp(part, max=1, out=one)
        torch.add(one, words, alpha=2, out=words)
    return words


def where_positive(gradient: Tensor, words: Tensor) -> Tensor:
    """The gradient where ``pack_signs`` saw a positive number, zero elsewhere.

    Args:
        gradient: contiguous, of the activation's shape and type.
        words: what ``pack_signs`` returned.
    """
    parts = _in_words(gradient)
    width, mask = parts.shape[0], torch.empty_like(words)
    result = torch.empty_like(parts)
    for index, part in enumerate(parts):
        torch.bitwise_left_shift(words, index, out=mask)
        mask.bitwise_right_shift_(width - 1)  # all ones or all zeros
        torch.bitwise_and(part, mask, out=result[index])
    return result.view(gradient.dtype).flatten()[: gradient.numel()].view_as(gradient)


def _in_words(x: Tensor) -> Tensor:
    """The bits of ``x``, as many rows as an integer has bits; padded where that leaves a rest."""
    bits = integers(x).flatten()
    width = 8 * x.element_size()
    if rest := -bits.numel() % width:
        bits = torch.cat([bits, bits.new_zeros(rest)])
    return bits.view(width, -1)

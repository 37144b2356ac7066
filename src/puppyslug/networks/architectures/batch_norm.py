"""Batch normalisation folded into the convolution before it, as the weights are read."""

from collections.abc import Mapping

import torch
from torch import Tensor

TORCH_EPSILON = 1e-5  # of torch's batch normalisation
TENSORFLOW_EPSILON = 1e-3  # of networks that were trained in TensorFlow


def fold(
    ours: str,
    weights: Mapping[str, Tensor],
    convolution: str,
    normalisation: str,
    epsilon: float = TORCH_EPSILON,
) -> dict[str, Tensor]:
    """Read a convolution and the batch normalisation after it as one convolution with a bias.

    Args:
        ours: what this module calls the convolution.
        weights: tensors by the names that the file uses.
        convolution: what the file calls the convolution.
        normalisation: what the file calls the batch normalisation.
        epsilon: that it adds to the variance.

    Raises:
        KeyError: a tensor is missing.
    """
    variance = weights[f"{normalisation}.running_var"]
    scale = weights[f"{normalisation}.weight"] * torch.rsqrt(variance + epsilon)
    bias = weights[f"{normalisation}.bias"] - weights[f"{normalisation}.running_mean"] * scale
    return {
        f"{ours}.weight": weights[f"{convolution}.weight"] * scale[:, None, None, None],
        f"{ours}.bias": bias,
    }


def plain(ours: str, weights: Mapping[str, Tensor], theirs: str) -> dict[str, Tensor]:
    """Read a convolution that stays as it is."""
    return {f"{ours}.{part}": weights[f"{theirs}.{part}"] for part in ("weight", "bias")}


def classifier(ours: str, weights: Mapping[str, Tensor], theirs: str) -> dict[str, Tensor]:
    """Read a linear layer as a 1×1 convolution, to be applied at every position."""
    linear = weights[f"{theirs}.weight"]
    return {
        f"{ours}.weight": linear.reshape(*linear.shape[-2:], 1, 1),  # old Caffe: 1×1×C'×C
        f"{ours}.bias": weights[f"{theirs}.bias"].flatten(),
    }

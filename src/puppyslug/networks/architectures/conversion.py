"""Conversion of layers from weights files to the names and shapes of an architecture."""

from collections.abc import Mapping

import torch
from torch import Tensor

TORCH_EPSILON = 1e-5  # default of torch's batch normalisation
TENSORFLOW_EPSILON = 1e-3  # of networks that were trained in TensorFlow


def convert_convolution(
    target: str, weights: Mapping[str, Tensor], source: str
) -> dict[str, Tensor]:
    """Copy the weight and bias of a convolution.

    Args:
        target: name of the convolution in the architecture.
        weights: tensors by the file's names.
        source: name of the convolution in the file.

    Raises:
        KeyError: a tensor is missing.
    """
    return {f"{target}.{part}": weights[f"{source}.{part}"] for part in ("weight", "bias")}


def convert_linear(target: str, weights: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """Convert a linear layer to a 1×1 convolution, to apply it at every position."""
    linear = weights[f"{source}.weight"]
    return {
        f"{target}.weight": linear.reshape(*linear.shape[-2:], 1, 1),  # old Caffe: 1×1×C'×C
        f"{target}.bias": weights[f"{source}.bias"].flatten(),
    }


def fold_batch_norm(
    target: str,
    weights: Mapping[str, Tensor],
    convolution: str,
    normalisation: str,
    epsilon: float = TORCH_EPSILON,
) -> dict[str, Tensor]:
    """Fold a batch normalisation into the convolution before it.

    Args:
        target: name of the convolution in the architecture; it has a bias.
        weights: tensors by the file's names.
        convolution: name of the convolution in the file.
        normalisation: name of the batch normalisation in the file.
        epsilon: added to the variance.

    Raises:
        KeyError: a tensor is missing.
    """
    variance = weights[f"{normalisation}.running_var"]
    scale = weights[f"{normalisation}.weight"] * torch.rsqrt(variance + epsilon)
    bias = weights[f"{normalisation}.bias"] - weights[f"{normalisation}.running_mean"] * scale
    return {
        f"{target}.weight": weights[f"{convolution}.weight"] * scale[:, None, None, None],
        f"{target}.bias": bias,
    }

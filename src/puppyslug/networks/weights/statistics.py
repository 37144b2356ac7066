"""Means and standard deviations that a network's layers have on natural photographs."""

import functools

from torch import Tensor

from puppyslug.networks.architectures import create_architecture
from puppyslug.networks.registry import registered_networks
from puppyslug.networks.specs import NetworkSpec
from puppyslug.networks.weights.formats import read_weights_file
from puppyslug.networks.weights.location import locate_weights

Statistics = dict[str, tuple[Tensor, Tensor]]


@functools.cache
def load_statistics(spec: NetworkSpec) -> Statistics:
    """Read the mean and the standard deviation of each channel that a batch normalisation measured.

    They are those of its output: batch normalisations are folded into the convolutions before them.
    A finetuned network has those of its base.

    Returns:
        By the name of the convolution in the architecture, lowest first: two tensors (C,).
    """
    if spec.finetuned:  # its file has folded weights only
        spec = registered_networks()[spec.finetuned.base]
    architecture = create_architecture(spec, device="meta")
    return architecture.normalisation_statistics(read_weights_file(locate_weights(spec)))

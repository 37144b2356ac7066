"""What computes a layer: this package's kernels on CPUs, torch's own layers on GPUs."""

import pytest
import torch

from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks.kernels import Conv3x3, ConvolutionMethod, convolution, pooling
from puppyslug.networks.kernels.method import uses_cpu_kernels
from puppyslug.networks.loader import load_network
from puppyslug.objectives import parse_objective
from support.tensors import random_tensor


@pytest.fixture
def gpu_path(monkeypatch):
    """Return a function after which layers are computed as on a GPU."""

    def force():
        for module in (convolution, pooling):
            monkeypatch.setattr(module, "uses_cpu_kernels", lambda _: False)
        monkeypatch.setattr(Conv3x3, "convolve", None)

    return force


def test_only_a_cpu_uses_these_kernels():
    assert uses_cpu_kernels(torch.zeros(1))
    assert not uses_cpu_kernels(torch.zeros(1, device="meta"))


def test_the_layers_of_a_gpu_give_the_same_gradient(gpu_path):
    network = load_network("vgg19", precision="float32", winograd=0)
    objective = parse_objective("relu3_2 - 0.5*relu2_1:7")
    image = random_tensor(1, 3, 61, 70).sigmoid()
    scores, gradient = value_and_gradient(network, objective, image)
    gpu_path()
    gpu_scores, gpu_gradient = value_and_gradient(network, objective, image)
    assert torch.allclose(scores, gpu_scores, rtol=1e-5)
    assert (gradient - gpu_gradient).abs().max() < 1e-4 * gradient.abs().mean()


def test_tiles_start_on_the_grid_of_native_winograd():
    assert ConvolutionMethod(64, "native").tile_alignment == 4
    assert ConvolutionMethod(64, "torch").tile_alignment == 1
    assert ConvolutionMethod(0, "native").tile_alignment == 1

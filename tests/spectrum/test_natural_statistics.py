"""The distance from the statistics of natural photographs."""

import pytest
import torch
from skimage import data

from puppyslug import load_network
from puppyslug.errors import NetworkError
from puppyslug.networks.kernels import ConvolutionMethod
from puppyslug.networks.weights.formats import read_weights_file
from puppyslug.networks.weights.location import locate_weights
from puppyslug.spectrum.natural_statistics import NaturalStatistics, _Moments


@pytest.fixture(scope="module")
def lite0():
    return load_network("efficientnet_lite0", precision="float32")


def distance(network, image):
    statistics = NaturalStatistics(network)
    with statistics.collect() as moments:
        network.activations(image, ["labels"])
    return float(statistics.distance(moments))


def photograph():
    image = torch.from_numpy(data.chelsea()[:224, :224].copy())
    return image.permute(2, 0, 1)[None].float() / 255


def test_a_photograph_is_nearer_than_noise(lite0):
    noise = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    assert distance(lite0, photograph()) < 0.6 * distance(lite0, noise)


def test_the_first_layer_equals_the_formula(lite0):
    """Against the statistics before folding, as DeepInversion defines them."""
    weights = read_weights_file(locate_weights(lite0.spec))
    stem = {name: weights[f"_bn0.{name}"].double() for name in ("running_mean", "running_var")}
    padded = torch.nn.functional.pad((photograph().double() - 0.498) / 0.502, (0, 1, 0, 1))
    kernel = weights["_conv_stem.weight"].double()
    output = torch.nn.functional.conv2d(padded, kernel, stride=2)
    mean, variance = output.mean((0, 2, 3)), output.var((0, 2, 3), correction=0)
    var = stem["running_var"] + 1e-3
    terms = (mean - stem["running_mean"]) ** 2 / var + ((variance / var).sqrt() - 1) ** 2
    statistics = NaturalStatistics(lite0)
    with statistics.collect() as moments:
        lite0.activations(photograph(), ["labels"])
    with_first = float(statistics.distance(moments))
    channels = moments[0][0].shape[1]
    as_photographs = (torch.zeros(1, channels), statistics._stds[None, :channels].square())
    without = float(statistics.distance([as_photographs, *moments[1:]]))
    expected = 10 / len(moments) * float(terms.mean())
    assert with_first - without == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("kernels", ["torch", "native"])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_moments_and_their_gradient_equal_those_of_torch(memory_format, kernels):
    x, m, weights = torch.randn(2, 5, 6, 7), torch.randn(5), torch.randn(2, 2, 5)
    x = x.contiguous(memory_format=memory_format)

    def by_torch(x, m):
        values = x - m[:, None, None]
        return values.mean((2, 3)), values.square().mean((2, 3))

    gradients = []
    for moments in (lambda *of: _Moments.apply(*of, ConvolutionMethod(0, kernels)), by_torch):
        leaf = x.clone().requires_grad_()
        mean, square = moments(leaf, m)
        torch.testing.assert_close(mean, by_torch(x, m)[0])
        torch.testing.assert_close(square, by_torch(x, m)[1])
        (mean * weights[0] + square * weights[1]).sum().backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(*gradients)


def test_an_ensemble_uses_the_member_that_has_statistics(lite0):
    network = load_network("vgg19+efficientnet_lite0", precision="float32")
    image = photograph()[..., :96, :96]
    assert distance(network, image) == pytest.approx(distance(lite0, image), rel=1e-5)


def test_hooks_are_removed(lite0):
    with NaturalStatistics(lite0).collect() as moments:
        pass
    lite0.activations(photograph(), ["labels"])
    assert not moments


def test_a_network_without_statistics_names_those_that_have_them(toy):
    with pytest.raises(NetworkError, match=r"toy has no statistics.*efficientnet_lite0"):
        NaturalStatistics(toy)

"""The term of a layer: half its mean square."""

import torch

from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.objectives import layer


def test_the_gradient_at_the_layer_is_its_activation():
    activation = torch.randn(2, 6, 5, 7, generator=torch.Generator().manual_seed(0))
    activation.requires_grad_()
    layer("x").score({"x": activation}).sum().backward()
    assert torch.allclose(activation.grad, activation.detach() / (6 * 5 * 7))


def test_the_score_is_half_the_mean_square(toy, picture):
    source = picture.clone().requires_grad_()
    expected = toy.activations(source, ["relu2"])["relu2"].square().mean() / 2
    (expected_gradient,) = torch.autograd.grad(expected, source)
    scores, gradient = value_and_gradient(toy, layer("relu2"), picture)
    assert torch.allclose(scores, expected, rtol=1e-5)
    assert torch.allclose(gradient, expected_gradient, atol=1e-5 * expected_gradient.abs().max())

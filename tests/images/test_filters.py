"""Filters, compared with SciPy and with OpenCV's definition of a pyramid."""

import numpy as np
import pytest
import scipy.ndimage as nd
import torch
from torch import Tensor

from puppyslug.images.filters import blur, pyramid_down, smooth_gradient


def random_normal(*shape: int) -> Tensor:
    return torch.randn(1, 1, *shape, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("sigma", [0.4, 1.0, 3.7])
def test_blur_equals_scipys_gaussian_filter(sigma):
    image = torch.rand(1, 2, 31, 40, generator=torch.Generator().manual_seed(2))
    radius = max(1, int(np.ceil(3 * sigma)))
    expected = nd.gaussian_filter(
        image[0].numpy(), (0, sigma, sigma), mode="nearest", radius=(0, radius, radius)
    )
    assert np.allclose(blur(image, sigma)[0].numpy(), expected, atol=1e-5)
    assert blur(image, 0) is image


def test_pyramid_down_equals_a_binomial_filter_and_subsampling():
    image = torch.rand(1, 1, 17, 20, generator=torch.Generator().manual_seed(2))
    kernel = np.float32([1, 4, 6, 4, 1]) / 16
    expected = nd.correlate1d(
        nd.correlate1d(image[0, 0].numpy(), kernel, 0, mode="mirror"), kernel, 1, mode="mirror"
    )
    assert np.allclose(pyramid_down(image)[0, 0].numpy(), expected[::2, ::2], atol=1e-6)


def test_laplacian_smoothing_strengthens_coarse_scales():
    fine = random_normal(128, 128)
    coarse = blur(random_normal(130, 128)[..., 2:, :], 6)

    def coarse_share(image):
        return (blur(image, 4).std() / image.std()).item()

    mixed = fine + 0.05 * coarse / coarse.std()
    assert coarse_share(smooth_gradient(mixed, "laplacian")) > 3 * coarse_share(mixed)


def test_laplacian_smoothing_of_flat_and_of_tiny_gradients_is_finite():
    flat = smooth_gradient(torch.zeros(1, 3, 40, 40), "laplacian")
    assert torch.equal(flat, torch.zeros_like(flat))
    tiny = smooth_gradient(torch.rand(1, 3, 2, 2), "laplacian")
    assert tiny.shape == (1, 3, 2, 2)
    assert tiny.isfinite().all()


def test_a_wider_gaussian_leaves_less_grain():
    gradient = random_normal(80, 80)

    def grain(image):
        return (image.diff(dim=-1).abs().mean() / image.abs().mean()).item()

    grains = [grain(smooth_gradient(gradient, width)) for width in ("0", "0.5", "1", "2", "4")]
    assert grains == sorted(grains, reverse=True)
    assert smooth_gradient(gradient, "0") is gradient

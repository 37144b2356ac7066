"""The Fourier parameterisation: ranges, gradients, and the spectrum of its initial noise."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.spectrum.fourier import FourierImages


def generator():
    return torch.Generator().manual_seed(1)


@given(st.integers(9, 40), st.integers(9, 40), st.booleans())
def test_pixels_are_in_range_and_have_finite_gradients(height, width, transparent):
    images = FourierImages(2, (height, width), generator(), transparent=transparent)
    rgb, alpha = images.decode()
    assert rgb.shape == (2, 3, height, width)
    assert 0 <= rgb.min() <= rgb.max() <= 1
    assert (alpha is not None) == transparent
    if transparent:
        assert alpha.shape == (2, 1, height, width)
        assert 0 <= alpha.min() <= alpha.max() <= 1
    rgb.sum().backward()
    assert images.coefficients.grad.isfinite().all()


def test_the_initial_noise_is_strongest_at_low_frequencies():
    rgb, _ = FourierImages(4, (64, 64), generator()).decode()
    power = np.abs(np.fft.fft2(rgb.detach().numpy())).mean((0, 1))
    assert power[1, 0] > 4 * power[8, 0] > 8 * power[30, 0]


def test_a_larger_decay_weakens_high_frequencies():
    def share_of_high_frequencies(decay):
        rgb, _ = FourierImages(4, (64, 64), generator(), decay=decay).decode()
        power = np.abs(np.fft.fft2(rgb.detach().numpy())).mean((0, 1))
        return power[30, 0] / power[1, 0]

    assert share_of_high_frequencies(1.5) < share_of_high_frequencies(1.0)


def test_pixels_are_the_inverse_transform_of_the_coefficients():
    """A single coefficient is a cosine, as NumPy computes it."""
    images = FourierImages(1, (16, 16), generator())
    with torch.no_grad():
        images.coefficients.zero_()
        images.coefficients[0, 0, 2, 0, 0] = 1.0
    red = torch.logit(images.decode()[0][0, 0]).detach().numpy()
    rows = np.cos(2 * np.pi * 2 * np.arange(16) / 16)
    expected = np.broadcast_to(rows[:, None], (16, 16))
    np.testing.assert_allclose(red / np.abs(red).max(), expected, atol=1e-4)


def test_chroma_scales_differences_of_colours_only():
    def logits(chroma):
        images = FourierImages(1, (16, 16), generator())
        images.scale_chroma(chroma)
        return torch.logit(images.decode()[0].detach().double())

    half, full, grey = logits(0.5), logits(1.0), logits(0.0)
    torch.testing.assert_close(half - grey, (full - grey) / 2, atol=1e-5, rtol=1e-4)

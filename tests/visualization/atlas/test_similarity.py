"""Similarity of channels, compared with NumPy's correlation, and ranks of their portraits."""

import numpy as np
import pytest
import torch

from puppyslug.visualization.atlas.similarity import (
    mean_activations,
    nearest_channels,
    portrait_ranks,
)


def test_mean_activations_are_those_of_each_portrait_alone(toy):
    portraits = list(torch.rand(20, 1, 3, 24, 24))
    rows = mean_activations(toy, "relu2", portraits)
    assert rows.shape == (20, 6)
    for portrait, row in zip(portraits, rows, strict=True):
        with torch.no_grad():
            alone = toy.activations(portrait, ["relu2"])["relu2"].mean((0, 2, 3))
        assert torch.allclose(row, alone, atol=1e-6)


def test_similarity_is_the_correlation_of_square_roots():
    generator = np.random.default_rng(2)
    activations = generator.gamma(1, 1, (9, 9)).astype(np.float32)
    expected = np.corrcoef(np.sqrt(activations), rowvar=False)
    found = nearest_channels(torch.from_numpy(activations))
    for number, neighbours in enumerate(found):
        others = [n for n in np.argsort(-expected[number]) if n != number][:8]
        assert [one.number for one in neighbours] == others
        similarities = [one.similarity for one in neighbours]
        assert similarities == pytest.approx(expected[number][others], abs=1e-3)


def test_negative_activations_are_correlated_as_they_are():
    activations = np.random.default_rng(3).standard_normal((9, 9)).astype(np.float32)
    expected = np.corrcoef(activations, rowvar=False)
    (first, *_), *_ = nearest_channels(torch.from_numpy(activations))
    assert first.similarity == pytest.approx(expected[0, first.number], abs=1e-3)


def test_a_rank_counts_the_portraits_that_activate_a_channel_more():
    activations = torch.tensor([[3.0, 9.0, 1.0], [2.0, 5.0, 7.0], [4.0, 6.0, 8.0]])
    assert portrait_ranks(activations) == [1, 2, 0]

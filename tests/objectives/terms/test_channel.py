"""The term of a channel: its mean activation."""

import pytest
import torch

from puppyslug.errors import ObjectiveError
from puppyslug.objectives import channel
from support.toy_network import toy_spec


def test_the_score_is_the_mean_and_changes_with_that_channel_only():
    activation = torch.randn(2, 6, 5, 7, generator=torch.Generator().manual_seed(0))
    activation.requires_grad_()
    scores = channel("x", 4).score({"x": activation})
    assert torch.allclose(scores, activation[:, 4].mean((1, 2)))
    scores.sum().backward()
    expected = torch.zeros_like(activation)
    expected[:, 4] = 1 / (5 * 7)
    assert torch.allclose(activation.grad, expected)


def test_a_channel_that_the_layer_does_not_have_is_refused():
    channel("relu2", 5).check(toy_spec(), (40, 52))
    with pytest.raises(ObjectiveError, match=r"relu2.* 6.*0 to 5"):
        channel("relu2", 6).check(toy_spec(), (40, 52))

"""The channels that an image activates most strongly."""

import numpy as np
import pytest
import torch

from puppyslug.errors import ObjectiveError
from puppyslug.images import generate_clouds, generate_noise
from puppyslug.recognition import channel_responses
from puppyslug.recognition.channel_responses import strongest


def activation(network, layer, image):
    with torch.no_grad():
        return network.activations(image, [layer])[layer][0].float().numpy()


def test_responses_are_relative_to_those_to_clouds_and_noise(toy, picture):
    baseline_images = [
        make((224, 224), seed) for make in (generate_clouds, generate_noise) for seed in (0, 1)
    ]
    baseline = np.mean(
        [np.maximum(activation(toy, "conv2", one), 0).mean((1, 2)) for one in baseline_images],
        axis=0,
    )
    maps = np.maximum(activation(toy, "conv2", picture), 0)
    expected = maps.mean((1, 2)) / (baseline + 0.1 * baseline.mean())
    found = strongest(toy, "conv2", picture, 99)
    assert [response.channel for response in found] == np.argsort(-expected).tolist()
    for response in found:
        assert response.ratio == pytest.approx(expected[response.channel], rel=1e-4)
        assert np.allclose(response.activation.numpy(), maps[response.channel], atol=1e-6)


def test_responses_in_tiles_are_the_same(toy, monkeypatch):
    image = torch.rand(1, 3, 70, 90, generator=torch.Generator().manual_seed(1))
    whole = strongest(toy, "relu2", image, 3)
    monkeypatch.setattr(channel_responses, "TILE", 24)
    for one, other in zip(whole, strongest(toy, "relu2", image, 3), strict=True):
        assert one.channel == other.channel
        assert torch.allclose(one.activation, other.activation, atol=1e-6)


def test_the_heat_map_is_highest_where_the_channel_is(toy, picture):
    for response in strongest(toy, "relu1", picture, 4):
        heat = response.heat_map((40, 52))
        assert heat.shape == (1, 1, 40, 52)
        assert 0 <= heat.min() <= heat.max() <= 1
        if response.ratio:
            assert torch.equal(heat.flatten().argmax(), response.activation.flatten().argmax())


def test_an_image_that_is_too_small_is_refused(toy):
    with pytest.raises(ObjectiveError, match=r"relu2.* 9×1"):
        strongest(toy, "relu2", torch.rand(1, 3, 1, 9), 1)

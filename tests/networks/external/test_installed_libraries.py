"""Models of timm and transformers with random weights, where those libraries are installed."""

import importlib
from typing import Any

import pytest
import torch

import puppyslug
from puppyslug.networks.external.factories import load_external
from puppyslug.networks.network import Network
from puppyslug.recognition.class_maps import class_map

LABELS = ["cat", "dog", "house", "sky"]
TIMM = {
    "ResNet": "resnet10t",
    "ConvNeXt": "convnext_atto",
    "ViT": "vit_tiny_patch16_224",
    "EfficientNet": "efficientnet_b0",
    "MobileNetV3": "mobilenetv3_small_050",
}
SIZES = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 2, 1]}
TOKENS = {
    "image_size": 64,
    "patch_size": 8,
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 96,
}
TRANSFORMERS = {
    "ResNet": {"embedding_size": 8, "layer_type": "basic", **SIZES},
    "ConvNext": SIZES,
    "ViT": TOKENS,
}


def library(name: str) -> Any:
    """Import a library, or skip the test: it may be missing, or not fit to this torch."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # torchvision raises other errors where it does not match torch
        pytest.skip(f"{name} cannot be imported: {error}")


def check(network: Network, side: int = 64) -> None:
    """Dream of the default layer and draw a portrait of one of its channels, at ``side`` pixels."""
    layer = network.spec.default_layer
    picture = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(5))
    for one in network.layers:
        if one.min_size <= side:
            found = network.activations(picture, one.name)[one.name]
            assert found.shape == (1, *one.shape((side, side))), one.name
    settings = {
        "objective": layer,
        "octaves": 1,
        "iterations": 4,
        "jitter": 0,  # random weights are not robust against shifts
        "step_size": 0.7,
    }
    recipe = puppyslug.Recipe.complete(settings, network.spec)
    *_, last = puppyslug.dream_steps(picture, recipe, network)
    dream = last.picture()
    assert puppyslug.score(layer, dream, network) > puppyslug.score(layer, picture, network)
    assert ((dream - picture).abs().amax(1) > 0).float().mean() > 0.9
    steps = list(
        puppyslug.portrait_steps(
            [f"{layer}:1"], network, size=side, steps=16, transform=lambda images, generator: images
        )
    )
    scores = [puppyslug.score(f"{layer}:1", steps[n].images, network) for n in (0, -1)]
    assert scores[1] > scores[0]


@pytest.mark.parametrize("model", TIMM.values(), ids=TIMM)
def test_models_of_timm_dream_and_have_portraits(model, monkeypatch):
    timm = library("timm")
    torch.manual_seed(3)

    create_model = timm.create_model

    def create(name: str, pretrained: bool, **options: Any) -> torch.nn.Module:
        assert pretrained  # its weights would be downloaded
        return create_model(name, pretrained=False, **options)

    monkeypatch.setattr(timm, "create_model", create)
    load_external.cache_clear()
    network = puppyslug.load_network(f"timm/{model}")
    load_external.cache_clear()
    check(network)
    assert network.find_label("goldfish").number == 1


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_models_of_transformers_dream_and_have_portraits(kind):
    transformers = library("transformers")
    torch.manual_seed(3)
    config = getattr(transformers, f"{kind}Config")(num_labels=len(LABELS), **TRANSFORMERS[kind])
    module = getattr(transformers, f"{kind}ForImageClassification")(config).eval()
    network = Network.from_module(module, labels=LABELS, mean=(0.5,) * 3, std=(0.5,) * 3)
    check(network)
    picture = torch.rand(1, 3, network.spec.trained_at, network.spec.trained_at)
    with torch.no_grad():
        logits = module(picture * 2 - 1).logits
    assert torch.allclose(class_map(network, picture).mean((2, 3)), logits, atol=1e-4)

"""Networks of torch modules: activations, gradients and dreams."""

import pytest
import torch
from torch import nn

from puppyslug.engine.loop import dream_steps
from puppyslug.errors import NetworkError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.objectives import parse_objective, see
from puppyslug.recipe import Recipe
from support.external_modules import (
    LABELS,
    ConvNet,
    NoGradient,
    SharedSubmodule,
    Transformer,
    create_seeded,
)


@pytest.fixture(scope="module")
def convnet():
    return Network.from_module(create_seeded(ConvNet), labels=LABELS, trained_at=64)


@pytest.fixture(scope="module")
def transformer():
    return Network.from_module(create_seeded(Transformer), labels=LABELS, trained_at=48)


def test_activations_are_those_of_the_module_before_in_place_operations(convnet):
    module = convnet.architecture.module
    image = torch.rand(1, 3, 70, 80)
    names = ["stem.0", "stem.1", "body.1", CLASS_MAP]
    found = convnet.activations(image, names)
    with torch.no_grad():
        first = module.stem[0](image)
        assert torch.allclose(found["stem.0"], first, atol=1e-6)
        assert torch.allclose(found["stem.1"], first.relu(), atol=1e-6)
        normalised = module.body[1](module.body[0](module.pool(first.relu())))
        assert torch.allclose(found["body.1"], normalised, atol=1e-6)
        logits = found[CLASS_MAP].mean((2, 3))
        assert torch.allclose(logits, module(image), atol=1e-6)


def test_no_submodule_above_the_highest_layer_is_run(convnet):
    module = convnet.architecture.module
    module.computed.clear()
    convnet.activations(torch.rand(1, 3, 64, 64), ["pool"])
    assert module.computed == []
    convnet.activations(torch.rand(1, 3, 64, 64), [CLASS_MAP])
    assert module.computed == ["body"]
    assert not module._forward_hooks
    assert not module.pool._forward_hooks


def test_tokens_are_converted_to_a_map(transformer):
    module = transformer.architecture.module
    image = torch.rand(1, 3, 40, 67)
    (found,) = transformer.activations(image, ["blocks.1"]).values()
    outputs = []
    handle = module.blocks[1].register_forward_hook(lambda *call: outputs.append(call[-1]))
    with torch.no_grad():
        module(image[..., :64])  # complete patches only
    handle.remove()
    tokens = outputs[0][0, 1:]
    for row in range(5):
        for column in range(8):
            assert torch.allclose(found[0, :, row, column], tokens[row * 8 + column], atol=1e-5)


@pytest.mark.parametrize("text", ["blocks.2", "2*blocks.0:3 - patches", "blocks.1:2@c", "see(dog)"])
def test_the_score_of_a_transformer_rises(transformer, text):
    recipe = Recipe.complete(
        {"objective": text, "octaves": 2, "iterations": 5, "jitter": 0, "step_size": 3}
    )
    image = torch.rand(1, 3, 72, 90, generator=torch.Generator().manual_seed(1))
    steps = list(dream_steps(image, recipe, transformer))
    assert steps[-1].score > steps[5].score
    assert not torch.equal(steps[-1].image, image)


def test_the_gradient_is_that_of_the_module(convnet):
    module = convnet.architecture.module
    image = torch.rand(1, 3, 64, 96)
    source = image.clone().requires_grad_()
    expected = module(source).log_softmax(1)[0, 1]
    expected.backward()
    score, gradient = value_and_gradient(convnet, see("dog", convnet.find_label), image)
    assert score.item() == pytest.approx(expected.item(), abs=1e-5)
    assert torch.allclose(gradient, source.grad, atol=1e-6)


def test_a_module_is_never_computed_in_tiles(convnet):
    image = torch.rand(1, 3, 64, 96)
    tiled = value_and_gradient(convnet, parse_objective("pool"), image, (32, 32))[1]
    whole = value_and_gradient(convnet, parse_objective("pool"), image)[1]
    assert torch.allclose(tiled, whole, atol=1e-7)


def test_numbered_submodules_are_layers():
    network = Network.from_module(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3)), trained_at=32
    )
    image = torch.rand(1, 3, 32, 32)
    score, _ = value_and_gradient(network, parse_objective("2*0:1 - 2"), image)
    assert score.isfinite().all()


def test_every_output_of_a_submodule_is_a_layer(convnet):
    found = convnet.activations(torch.rand(1, 3, 64, 64), ["pair", "pair.1", "body"])
    assert torch.equal(found["pair"], found["body"])
    assert torch.equal(found["pair.1"], found["body"])
    with pytest.raises(NetworkError, match="'nothing'"):
        convnet.activations(torch.rand(1, 3, 64, 64), ["nothing"])


def test_an_image_that_the_module_does_not_accept_is_refused(convnet):
    with pytest.raises(NetworkError, match=r"3×2.*another size"):
        convnet.activations(torch.rand(1, 3, 2, 3), [CLASS_MAP])


def test_a_layer_without_gradients_is_refused():
    network = Network.from_module(NoGradient(), trained_at=32)
    with pytest.raises(NetworkError, match="body"):
        value_and_gradient(network, parse_objective("body"), torch.rand(1, 3, 32, 32))


def test_shared_submodules_and_copies_in_other_precisions_work():
    network = Network.from_module(create_seeded(SharedSubmodule), labels=LABELS, trained_at=64)
    image = torch.rand(1, 3, 64, 70)
    found = network.activations(image, ["one", "odd_name", CLASS_MAP, "labels_"])
    assert found["odd_name"].shape == (1, 4, 12, 14)
    assert found[CLASS_MAP].shape == (1, 4, 12, 14)
    other = network.to(precision="bfloat16", device="cpu")
    assert other.activations(image, ["one"])["one"].dtype == torch.bfloat16
    assert network.activations(image, ["one"])["one"].dtype == torch.float32


def test_recipes_of_steps_name_the_network(transformer):
    recipe = Recipe.complete({"objective": "blocks.1", "octaves": 1, "iterations": 1})
    (step,) = dream_steps(torch.rand(1, 3, 48, 48), recipe, transformer)
    assert step.recipe.network == transformer.spec.name

import copy
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import skimage.data
import torch

from puppyslug.errors import LabelError, NetworkError, RecipeError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks import find_spec
from puppyslug.networks.kernels import ConvolutionMethod
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.runtime import resolve_device
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.objectives import parse_objective
from support.external_modules import LABELS, ConvNet, create_seeded
from support.notebook import MEAN, vgg19_to
from support.random_networks import random_network
from support.toy_network import Toy, toy_spec


def load_float32(name, device="cpu"):
    return load_network(name, precision="float32", device=device)


def test_no_layer_above_the_highest_target_is_computed(toy, toy_architecture):
    found = toy.activations(torch.rand(1, 3, 8, 8), ["relu1", "conv1"])
    assert set(found) == {"relu1", "conv1"}
    assert toy_architecture.computed == ["conv1", "relu1"]


def test_vgg_computes_no_convolution_above_the_layer():
    network = load_float32("vgg19")
    calls = []
    handles = [
        module.register_forward_hook(lambda *_: calls.append(1))
        for module in network.architecture.modules()
        if isinstance(module, torch.nn.Conv2d)
    ]
    network.activations(torch.rand(1, 3, 32, 32), ["relu3_2"])
    for handle in handles:
        handle.remove()
    assert len(calls) == 2 + 2 + 2


def test_vgg_returns_a_convolution_and_its_relu():
    found = load_float32("vgg19").activations(torch.rand(1, 3, 32, 32), ["conv2_1", "relu2_1"])
    assert found["conv2_1"].min() < 0
    assert torch.equal(found["conv2_1"].relu(), found["relu2_1"])


def test_vgg_agrees_with_an_independent_implementation():
    image = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(2))
    ours = load_float32("vgg19").activations(image, ["relu4_4"])["relu4_4"]
    theirs = vgg19_to("relu4_4")(image.flip(1) * 255 - torch.from_numpy(MEAN))
    assert torch.allclose(ours, theirs, atol=1e-3 * theirs.abs().max())


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite1"])
def test_efficientnet_recognises_a_cat(name):
    cat = torch.from_numpy(skimage.data.chelsea() / np.float32(255)).permute(2, 0, 1)[None]
    logits = load_float32(name).activations(cat, [CLASS_MAP])[CLASS_MAP].mean((2, 3))[0]
    assert int(logits.argmax()) in {281, 282, 285}  # tabby, tiger cat, Egyptian cat


def test_the_class_map_has_the_literatures_name_too():
    network = random_network("googlenet")
    image = torch.rand(1, 3, 64, 64)
    found = network.activations(image, ["loss3/classifier", CLASS_MAP, "inception_4c/output"])
    assert list(found) == ["loss3/classifier", CLASS_MAP, "inception_4c/output"]
    assert found["loss3/classifier"] is found[CLASS_MAP]
    score, _ = value_and_gradient(network, parse_objective("loss3/classifier:207"), image)
    assert score.item() == pytest.approx(found[CLASS_MAP][:, 207].mean().item(), rel=1e-4)


def test_unknown_layers_suggest_similar_ones():
    with pytest.raises(NetworkError, match="relu4_4"):
        load_float32("vgg19").activations(torch.rand(1, 3, 32, 32), ["rel4_4"])


def test_the_input_is_converted_to_the_networks_own():
    image = torch.rand(1, 3, 8, 8)
    network = Network(toy_spec(), Toy(), precision="float32")
    found = network.activations(image, ["conv1"])["conv1"]
    mean, std = (torch.tensor(x).view(1, 3, 1, 1) for x in ((0.4, 0.5, 0.6), (0.5, 0.25, 0.5)))
    expected = Toy().first((image.flip(1) - mean) / std)
    assert torch.allclose(found, expected, atol=1e-5)


def test_gradients_in_bfloat16_have_nearly_the_same_direction():
    photo = torch.from_numpy(skimage.data.coffee()[::6, ::6] / np.float32(255))
    photo = photo.permute(2, 0, 1)[None].contiguous()
    gradients = [
        value_and_gradient(
            load_network("vgg19", precision=precision, device="cpu"),
            parse_objective("relu4_4"),
            photo,
        )[1].flatten()
        for precision in ("float32", "bfloat16")
    ]
    assert torch.cosine_similarity(*gradients, dim=0) > 0.98


def test_to_copies_the_weights_unless_nothing_changes():
    network = Network(toy_spec(), Toy(), precision="float32")
    assert network.to(precision="float32", device="cpu") is network
    other = network.to(precision="bfloat16", device="cpu")
    assert other.activations(torch.rand(1, 3, 8, 8), ["conv1"])["conv1"].dtype == torch.bfloat16
    assert network.activations(torch.rand(1, 3, 8, 8), ["conv1"])["conv1"].dtype == torch.float32


def test_labels_are_those_of_the_vocabulary():
    network = Network(toy_spec(), Toy(), precision="float32")
    assert network.find_label("tench").class_numbers == (0,)
    with pytest.raises(LabelError, match="no such animal"):
        network.find_label("no such animal")
    numbered = Network(replace(toy_spec(), vocabulary=""), Toy(), precision="float32")
    assert numbered.find_label("class 3").class_numbers == (3,)


def test_without_classes_there_is_no_vocabulary():
    with pytest.raises(NetworkError, match="vgg19"):
        load_network(find_spec("vgg19").without_probe()).require_vocabulary()


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_gpu_computes_the_gradient_of_the_cpu(device):
    try:
        resolve_device(device)
    except RecipeError as error:
        pytest.skip(str(error))
    image = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(2))
    gradients = [
        value_and_gradient(load_float32("vgg19", name), parse_objective("relu3_1"), image.to(name))[
            1
        ].cpu()
        for name in ("cpu", device)
    ]
    assert torch.cosine_similarity(*(g.flatten() for g in gradients), dim=0) > 0.999


def test_specs_recipes_and_the_command_line_import_neither_torch_nor_cv2():
    script = (
        "import sys, puppyslug, puppyslug.cli, puppyslug.recipe.recipe, puppyslug.engine.octaves;"
        "puppyslug.list_networks(); puppyslug.parse_objective('relu4_4');"
        "print([name for name in ('torch', 'cv2', 'PIL', 'numpy') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("copy_of", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("name", ["toy", "random", "efficientnet_lite0+efficientnet_lite1", "own"])
def test_networks_can_be_copied_and_pickled(toy, name, copy_of):
    if name == "own":
        network = Network.from_module(create_seeded(ConvNet), labels=LABELS, trained_at=64)
    elif name == "random":
        network = random_network("squeezenet1_1", convolution=ConvolutionMethod(16))
    else:
        network = toy if name == "toy" else load_float32(name)
    found = copy_of(network)
    layer = network.spec.default_layer
    image = torch.rand(1, 3, 64, 64)
    expected = network.activations(image, [layer])[layer]
    assert torch.equal(found.activations(image, [layer])[layer], expected)
    assert found.spec == network.spec
    assert found.spec.layer(layer) == network.spec.layer(layer)
    assert found.weights_sha256 == network.weights_sha256

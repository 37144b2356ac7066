"""All architectures: how they convert torchvision's and Caffe's weights."""

import importlib

import pytest
import torch

from puppyslug.networks import find_spec
from puppyslug.networks.architectures import create_architecture
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from support.torchvision_weights import random_state_dict, torchvision_shapes

NETWORKS = pytest.mark.parametrize("name", sorted(torchvision_shapes()))


def empty_tensors(shapes):
    return {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}


def shapes_of(state):
    return {key: tensor.shape for key, tensor in state.items()}


@NETWORKS
def test_torchvision_state_dicts_are_converted_completely(name):
    architecture = create_architecture(find_spec(name), device="meta")
    weights = empty_tensors(torchvision_shapes()[name])
    state = architecture.convert_state_dict(weights)
    assert shapes_of(state) == shapes_of(architecture.state_dict())
    needed = {key for key in weights if not architecture.ignores(key)}
    for key in sorted(needed)[::23]:  # each of them is used
        with pytest.raises(KeyError, match=key.replace(".", r"\.")):
            architecture.convert_state_dict(
                {other: weights[other] for other in weights if other != key}
            )


@pytest.mark.parametrize("name", ["vgg16-caffe", "vgg19-caffe"])
def test_caffe_vgg_has_the_layer_names_of_the_paper(name):
    spec = find_spec(name)
    architecture = create_architecture(spec, device="meta")
    shapes, inputs = {}, 3
    for number, block in enumerate(spec.structure, 1):
        for index in range(1, block.convolutions + 1):
            shapes[f"conv{number}_{index}.weight"] = (block.channels, inputs, 3, 3)
            shapes[f"conv{number}_{index}.bias"] = (1, 1, 1, block.channels)
            inputs = block.channels
    sizes = (("fc6", 25088, 4096), ("fc7", 4096, 4096), ("fc8", 4096, 1000))
    for layer, inputs, outputs in sizes:
        shapes[f"{layer}.weight"] = (1, 1, outputs, inputs)
        shapes[f"{layer}.bias"] = (1, 1, 1, outputs)
    state = architecture.convert_state_dict(empty_tensors(shapes))
    assert shapes_of(state) == shapes_of(architecture.state_dict())


def test_quantised_weights_are_looked_up_in_their_table():
    architecture = create_architecture(find_spec("vgg19"), device="meta")
    generator = torch.Generator().manual_seed(0)
    weights = {}
    for name in architecture.convolutions:
        source = "block{}_conv{}".format(*name.split("_"))
        indices = torch.randint(0, 256, (4, 3, 3, 3), dtype=torch.uint8, generator=generator)
        weights |= {f"{source}_W_q": indices, f"{source}_b": torch.zeros(4)}
        weights[f"{source}_W_table"] = torch.randn(256, generator=generator)
    state = architecture.convert_state_dict(weights)
    for name in architecture.convolutions:
        source = "block{}_conv{}".format(*name.split("_"))
        expected = weights[f"{source}_W_table"][weights[f"{source}_W_q"].long()]
        assert torch.equal(state[f"convolutions.{name}.weight"], expected)


@NETWORKS
def test_activations_equal_those_of_torchvision_where_it_is_installed(name):
    try:
        models = importlib.import_module("torchvision.models")
    except Exception as error:
        pytest.skip(f"torchvision cannot be imported: {error}")
    spec = find_spec(name)
    theirs = {"googlenet-bn": "googlenet", "vgg19-classifier": "vgg19"}.get(name, name)
    is_inception = theirs in ("googlenet", "inception_v3")
    options = {"init_weights": False, "transform_input": True} if is_inception else {}
    model = getattr(models, theirs)(weights=None, **options).eval()
    state = random_state_dict(name)
    model.load_state_dict(state)
    architecture = create_architecture(spec, device="meta")
    architecture.load_state_dict(architecture.convert_state_dict(state), assign=True)
    image = torch.rand(1, 3, spec.trained_at, spec.trained_at)
    mean, std = (
        torch.tensor(numbers).view(1, 3, 1, 1)
        for numbers in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    network = Network(spec, architecture, precision="float32")
    with torch.no_grad():
        expected = model((image - mean) / std)
        found = network.activations(image, [CLASS_MAP])[CLASS_MAP].mean((2, 3))
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()

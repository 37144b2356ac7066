"""Records, weights and activations of every network in the registry."""

import subprocess
import sys

import numpy as np
import pytest
import skimage.data
import torch

from puppyslug.errors import NetworkError, RecipeError, WeightsError
from puppyslug.networks import find_spec
from puppyslug.networks.architectures import ARCHITECTURES
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.runtime import resolve_precision, resolve_winograd
from puppyslug.networks.weights.loader import fill, packaged_path
from support.notebook import MEAN, vgg19_to
from support.toy_network import Toy, toy_spec


def test_no_layer_above_the_highest_wanted_is_run():
    architecture = Toy()
    network = Network(toy_spec(), architecture)
    found = network.activations(torch.rand(1, 3, 8, 8), ["relu1", "conv1"])
    assert set(found) == {"relu1", "conv1"}
    assert architecture.run == ["conv1", "relu1"]


def test_vgg_runs_no_convolution_above_the_layer():
    network = load_network("vgg19", precision="float32", device="cpu")
    run = []
    handles = [
        module.register_forward_hook(lambda *_: run.append(1))
        for module in network._architecture.modules()
        if isinstance(module, torch.nn.Conv2d)
    ]
    network.activations(torch.rand(1, 3, 32, 32), ["relu3_2"])
    for handle in handles:
        handle.remove()
    assert len(run) == 2 + 2 + 2


def test_vgg_keeps_a_convolution_that_is_wanted_with_its_relu():
    network = load_network("vgg19", precision="float32", device="cpu")
    found = network.activations(torch.rand(1, 3, 32, 32), ["conv2_1", "relu2_1"])
    assert found["conv2_1"].min() < 0
    assert torch.equal(found["conv2_1"].relu(), found["relu2_1"])


def test_vgg_agrees_with_an_independent_reading_of_its_weights():
    image = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(2))
    network = load_network("vgg19", precision="float32", device="cpu")
    ours = network.activations(image, ["relu4_4"])["relu4_4"]
    theirs = vgg19_to("relu4_4")(image.flip(1) * 255 - torch.from_numpy(MEAN))
    assert torch.allclose(ours, theirs, atol=1e-3 * theirs.abs().max())


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite1"])
def test_efficientnet_sees_the_cat(name):
    cat = torch.from_numpy(skimage.data.chelsea() / np.float32(255)).permute(2, 0, 1)[None]
    network = load_network(name, precision="float32", device="cpu")
    logits = network.activations(cat, ["labels"])["labels"].mean((2, 3))[0]
    assert logits.topk(3).indices.tolist()[0] in {281, 282, 285}


def test_bfloat16_points_the_same_way():
    from puppyslug.gradient.gradient import value_and_gradient
    from puppyslug.objectives import parse_objective

    photo = torch.from_numpy(skimage.data.coffee()[::4, ::4] / np.float32(255))
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


def test_a_network_is_loaded_once():
    first = load_network("vgg19", precision="float32", device="cpu")
    assert load_network("vgg19", precision="float32", device="cpu") is first
    assert resolve_precision("float32", "cpu") == "float32"
    assert resolve_precision("auto", "cpu") in {"float32", "bfloat16"}
    assert resolve_winograd("auto", "float32", "cpu") == 0
    assert resolve_winograd("auto", "bfloat16", "cpu") in {0, 64, 128, 256, 512}
    assert resolve_winograd(64, "float32", "cpu") == 64


def test_unknown_names_offer_near_ones():
    with pytest.raises(NetworkError, match=r"did you mean .*efficientnet_lite0"):
        find_spec("efficientnet")
    with pytest.raises(NetworkError, match="did you mean relu4_4"):
        find_spec("vgg19").layer("rel4_4")


class Boom:
    """A pickle that would run code."""

    def __reduce__(self) -> tuple[object, ...]:
        return (exec, ("raise SystemExit('a pickle ran code')",))


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "other", "shape", "list", "code"])
def test_damaged_or_foreign_weights_are_refused(tmp_path, damage):
    sound = packaged_path(find_spec("efficientnet_lite0").weights)
    path = tmp_path / "weights.pth"
    if damage == "cut":
        path.write_bytes(sound.read_bytes()[:100_000])
    elif damage in {"text", "empty"}:
        path.write_text("no weights" if damage == "text" else "")
    elif damage == "other":
        path = packaged_path(find_spec("vgg19").weights)
    elif damage == "shape":
        state = torch.load(sound, weights_only=True)
        state["_conv_stem.weight"] = state["_conv_stem.weight"][:, :, :2]
        torch.save(state, path)
    else:
        torch.save([1] if damage == "list" else Boom(), path)
    spec = find_spec("efficientnet_lite0")
    with pytest.raises(WeightsError) as caught:
        fill(ARCHITECTURES[spec.architecture](spec), spec, path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


def test_records_recipes_and_the_command_line_load_neither_torch_nor_cv2():
    script = (
        "import sys, puppyslug, puppyslug.cli, puppyslug.recipe.recipe, puppyslug.engine.octaves;"
        "puppyslug.list_networks(); puppyslug.parse_objective('relu4_4');"
        "print([name for name in ('torch', 'cv2', 'PIL', 'numpy') if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_gpu_dreams_what_the_processor_dreams(device):
    from puppyslug.gradient.gradient import value_and_gradient
    from puppyslug.networks.runtime import resolve_device
    from puppyslug.objectives import parse_objective

    try:
        resolve_device(device)
    except RecipeError as error:
        pytest.skip(str(error))
    image = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(2))
    gradients = [
        value_and_gradient(
            load_network("vgg19", precision="float32", device=name),
            parse_objective("relu3_1"),
            image.to(name),
        )[1].cpu()
        for name in ("cpu", device)
    ]
    assert torch.cosine_similarity(*(g.flatten() for g in gradients), dim=0) > 0.999


def test_bfloat16_where_it_is_slow_runs_and_says_so(monkeypatch):
    from puppyslug.engine import preparation
    from puppyslug.recipe.recipe import Recipe

    monkeypatch.setattr(preparation, "fast_in_bfloat16", lambda device: False)
    recipe = Recipe.complete({"precision": "bfloat16", "size": "64x48", "objective": "relu1_1"})
    prepared = preparation.prepare(recipe, "clouds")
    assert prepared.network.precision == "bfloat16"
    assert any("float32 is faster here" in notice for notice in prepared.notices)

"""Networks of every kind: layers, portraits, dreams, class maps, and what they see of a picture."""

import copy
import pickle

import pytest
import torch
from torch import nn

import puppyslug
from puppyslug.engine.loop import dream_steps
from puppyslug.errors import NetworkError
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.recipe import Recipe
from puppyslug.recognition.class_maps import class_map
from puppyslug.visualization.portraits import portrait_steps
from support.network_kinds import KINDS, LABELS, Outputs, convolutions, digits


def create(kind, **options):
    torch.manual_seed(3)
    module = kind.create().eval()
    labels = LABELS if kind.logits else None
    return module, Network.from_module(module, labels=labels, **{**kind.options, **options})


def picture(height, width):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(5))


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_networks_of_every_kind_dream_and_have_portraits_and_class_maps(kind):
    module, network = create(kind)
    network = pickle.loads(pickle.dumps(copy.deepcopy(network)))
    size = (71, 90)
    names = [layer.name for layer in network.layers]
    found = network.activations(picture(*size), names)
    for layer in network.layers:
        assert found[layer.name].shape == (1, *layer.shape(size))

    settings = {
        "objective": kind.layer,
        "octaves": 2,
        "iterations": 4,
        "jitter": 0,
        "step_size": 0.7,
    }
    steps = list(dream_steps(picture(*size), Recipe.complete(settings, network.spec), network))
    changed = (steps[-1].picture() - picture(*size)).abs().amax(1)[0]
    assert steps[-1].score > steps[-4].score
    assert (changed > 0).float().mean() > 0.5  # not in one window only

    portraits = list(portrait_steps([kind.layer], network, size=kind.side, steps=8))
    assert portraits[-1].scores > portraits[0].scores
    if network.spec.input_side:
        assert portraits[-1].images.shape[-1] == network.spec.input_side

    if kind.logits:
        side = network.spec.trained_at
        maps = class_map(network, picture(side, side))
        channels = torch.zeros(1, network.spec.input_channels, side, side)
        seen = picture(side, side)
        seen = seen.mean(1, keepdim=True) if network.spec.is_grey else seen
        channels[:, list(network.spec.picture_channels)] = seen
        with torch.no_grad():
            logits = kind.logits(module(channels))
        assert torch.allclose(maps.mean((2, 3)), logits, atol=1e-5)
        assert (maps[0, 0].numel() > 1) == kind.pooled


def test_grey_networks_change_and_draw_brightness_only():
    _, network = create(KINDS["one channel"])
    last = list(portrait_steps(["0:1"], network, size=32, steps=2))[-1].images
    assert torch.equal(last[:, 0], last[:, 1])
    assert torch.equal(last[:, 0], last[:, 2])
    assert last.std() > 0.001
    grey = picture(60, 60).mean(1, keepdim=True).expand(-1, 3, -1, -1)
    settings = {"objective": "0", "octaves": 1, "iterations": 2, "palette": "natural"}
    dreamt = list(dream_steps(grey, Recipe.complete(settings), network))[-1].picture()
    assert torch.allclose(dreamt[:, 0], dreamt[:, 1], atol=1e-6)
    assert not torch.allclose(dreamt, grey, atol=1e-3)


def test_the_other_channels_are_held_at_their_mean():
    network = Network.from_module(
        nn.Conv2d(5, 5, 1), channels=(3, 2, 1), mean=(1, 2, 3, 4, 5), std=(1, 2, 4, 8, 16)
    )
    seen = network._preprocess(picture(4, 4))
    red, green, blue = picture(4, 4)[0]
    for number, expected in enumerate([0 * red, (blue - 2) / 2, (green - 3) / 4, (red - 4) / 8]):
        assert torch.allclose(seen[0, number], expected, atol=1e-6)
    assert not seen[0, 4].any()


def test_windows_are_the_networks_own_outputs_side_by_side():
    module, network = create(KINDS["one channel, fixed size"])
    image = picture(56, 28)
    found = network.activations(image, ["2", CLASS_MAP])
    for row in range(2):
        grey = image[:, :, 28 * row : 28 * row + 28].mean(1, keepdim=True)
        with torch.no_grad():
            assert torch.allclose(found["2"][:, :, 12 * row : 12 * row + 12], module[:3](grey))
            assert torch.allclose(found[CLASS_MAP][:, :, row, 0], module(grey), atol=1e-6)


def test_an_image_smaller_than_the_networks_is_refused():
    _, network = create(KINDS["one channel, fixed size"])
    recipe = Recipe.complete({"objective": "2", "octaves": 1, "iterations": 1})
    with pytest.raises(puppyslug.PuppyslugError, match="28×28"):
        list(dream_steps(picture(20, 40), recipe, network))


@pytest.mark.parametrize(
    ("create_module", "options", "named"),
    [
        (lambda: convolutions(5), {"channels": (1, 2, 5)}, "0 to 4"),
        (lambda: convolutions(5), {"channels": (1, 1, 2)}, "different"),
        (lambda: convolutions(5), {"mean": (1, 2, 3, 4)}, "4 numbers in mean"),
        (digits, {"trained_at": 32}, "32×32"),
        (lambda: Outputs(lambda m, z: {"m": m, "z": z}), {"output": "y", "labels": LABELS}, "'z'"),
        (lambda: Outputs(lambda m, z: (m, m)), {"labels": LABELS}, "6 logits"),
        (lambda: Outputs(lambda m, z: z.long()).network[3:5], {"trained_at": 8}, "no tensor"),
    ],
)
def test_what_does_not_fit_the_module_is_refused(create_module, options, named):
    with pytest.raises(NetworkError, match=named):
        Network.from_module(create_module(), **options)

"""Calls with arguments that are almost right: each is done rightly, or refused in one line."""

import numpy as np
import pytest
import torch
from PIL import Image

import puppyslug
from puppyslug import channel, guide, layer, neuron, see
from puppyslug.errors import PuppyslugError
from puppyslug.networks.network import Network
from puppyslug.recipe import Recipe
from support.external_modules import LABELS, ConvNet, create_seeded
from support.toy_network import Toy, toy_spec

IMAGE = torch.rand(1, 3, 40, 52, generator=torch.Generator().manual_seed(3))
BYTES = (IMAGE * 255).round().to(torch.uint8)
MASK = (torch.rand(1, 1, 40, 52, generator=torch.Generator().manual_seed(4)) > 0.5).float()
PHOTO = Image.fromarray(BYTES[0].permute(1, 2, 0).numpy())
ARRAY = np.asarray(PHOTO)
TOY = Network(toy_spec(), Toy())
OWN = Network.from_module(create_seeded(ConvNet), labels=LABELS, trained_at=64, name="own")
RECIPE = Recipe.complete({"objective": "relu2", "octaves": 1, "iterations": 1})
NAN = float("nan")


def steps(image=IMAGE, recipe=RECIPE, network=TOY, **arguments):
    *_, last = puppyslug.dream_steps(image, recipe, network, **arguments)
    return last.image


def dream(source=PHOTO, **settings):
    small = {"octaves": 1, "iterations": 1, "network": OWN}
    return puppyslug.dream(source, **{**small, **settings})


def portraits(objectives, network=TOY, **settings):
    *_, last = puppyslug.portrait_steps(objectives, network, **{"size": 40, "steps": 1, **settings})
    return last.images


def complete(**settings):
    return Recipe.complete(settings)


def with_value(tensor, value):
    changed = tensor.clone()
    changed[0, 0, 3, 4] = value
    return changed


REFUSED = [
    # images as tensors
    (lambda: steps(IMAGE * 255), "divide by 255"),
    (lambda: steps((IMAGE - 0.45) / 0.22), "normalis"),
    (lambda: steps(with_value(IMAGE, NAN)), "not finite"),
    (lambda: steps(with_value(IMAGE, float("inf"))), "not finite"),
    (lambda: steps(IMAGE.expand(2, -1, -1, -1)), "2×3×40×52"),
    (lambda: steps(IMAGE > 0.5), "bool"),
    (lambda: steps(IMAGE[0]), r"image\[None\]"),
    (lambda: steps(IMAGE.movedim(1, -1)), r"movedim"),
    (lambda: steps(IMAGE[:, :1]), r"expand"),
    (lambda: steps(IMAGE[..., :0]), r"1×3×40×0"),
    (lambda: steps(ARRAY), "ndarray"),
    (lambda: steps(PHOTO), "load_image"),
    (lambda: steps("cat.png"), "load_image"),
    (lambda: steps(IMAGE[..., :1, :1]), "1×1 pixels is too small"),
    (lambda: steps(recipe={"objective": "relu2"}), r"Recipe\.complete"),
    (lambda: steps(network="vgg19"), r"load_network\('vgg19'\)"),
    # masks, guides, detail
    (lambda: steps(mask=MASK * 255), "divide by 255"),
    (lambda: steps(mask=with_value(MASK, NAN)), "not finite"),
    (lambda: steps(mask=MASK[0, 0]), "40×52.*1×1×40×52"),
    (lambda: steps(mask=MASK[..., 1:]), "1×1×40×51"),
    (lambda: steps(mask=MASK.to(torch.uint8)), r"mask\.bool"),
    (lambda: steps(mask=PHOTO), "1×1×40×52"),
    (lambda: steps(guides=IMAGE), "dict"),
    (lambda: steps(guides={"a": IMAGE * 255}), "guide a .*divide by 255"),
    (lambda: steps(detail=with_value(IMAGE, NAN)), "detail.*not finite"),
    (lambda: steps(detail=MASK), "detail.*1×3"),
    # dream()
    (lambda: dream(ARRAY), r"Image\.fromarray"),
    (lambda: dream(IMAGE), "Tensor"),
    (lambda: dream(Image.new("RGB", (4, 4))), "4×4 pixels is too small"),
    (lambda: dream(Image.new("RGB", (0, 4))), "0×4"),
    (lambda: dream(size=(48, 64)), r"size cannot be \(48, 64\).*WxH"),
    (lambda: dream(octaves=NAN), "octaves cannot be nan"),
    (lambda: dream(step_size=float("inf")), "step_size cannot be inf"),
    (lambda: dream(itertions=3), "did you mean iterations"),
    (lambda: dream(objective=[]), r"objective cannot be \[\]"),
    (lambda: dream(objective=3), "no layer '3'"),
    (lambda: dream(layer=object()), "names"),
    (lambda: dream(recipe=3), "a Recipe, a dict or a file"),
    (lambda: dream(network=ConvNet()), r"Network\.from_module"),
    (lambda: dream(mask=MASK), "Tensor"),
    (lambda: dream(guide=ARRAY, layer="body"), "ndarray"),
    (lambda: dream(on_step=3), "function of a DreamStep"),
    (lambda: dream(see="goldfish"), "no class or group 'goldfish'"),
    (lambda: dream(precision="bfloat16"), "load the network with precision"),
    # recognition
    (lambda: puppyslug.classify(IMAGE * 255, network=OWN), "divide by 255"),
    (lambda: puppyslug.classify(IMAGE, network=OWN, top=0), "top is 0"),
    (lambda: puppyslug.classify(IMAGE, network=ConvNet()), r"Network\.from_module"),
    (lambda: puppyslug.class_map(OWN, with_value(IMAGE, NAN)), "not finite"),
    (lambda: puppyslug.class_map(OWN, IMAGE, [4]), "numbers from 0 to 3"),
    (lambda: puppyslug.class_map(OWN, IMAGE, "dog"), "numbers from 0 to 3"),
    (lambda: puppyslug.class_map(OWN, IMAGE, []), "numbers from 0 to 3"),
    (lambda: puppyslug.strongest(TOY, "relu2", IMAGE, 0), "count is 0"),
    (lambda: puppyslug.strongest(TOY, "relu2", IMAGE * 2 - 1, 1), "normalis"),
    # portraits
    (lambda: portraits([]), "no objective"),
    (lambda: portraits([37]), "37"),
    (lambda: portraits(["relu2:0"], network="vgg19"), "load_network"),
    (lambda: portraits(["relu2:0"], size=(40, 40)), r"size is \(40, 40\)"),
    (lambda: portraits(["relu2:0"], size=1), "at least 2 pixels, not 1"),
    (lambda: portraits(["relu2:0"], steps=0), "steps is 0"),
    (lambda: portraits(["relu2:0"] * 2, diversity=NAN), "diversity is nan"),
    (lambda: portraits(["relu2:0"], seed=-1), "seed is -1"),
    (lambda: puppyslug.portrait("relu2:0", TOY, size=40.5), "size cannot be 40.5"),
    # objectives
    (lambda: layer(3), "not 3"),
    (lambda: channel("relu2", 1.5), "1.5"),
    (lambda: portraits([channel("relu2", -1)]), "no channel -1"),
    (lambda: neuron("relu2", 1, 3), r"\(row, column\), .*not 3"),
    (lambda: see(None), "None"),
    (lambda: guide(PHOTO, "relu2"), "file name"),
    (lambda: layer("relu2") * NAN, "weights"),
    (lambda: layer("relu2") / 0, "divided by 0"),
    # recipes, files, networks
    (lambda: Recipe.complete("vgg19"), "dict of fields"),
    (lambda: Recipe.from_json({"octaves": 3}), r"Recipe\.complete for a dict"),
    (lambda: complete(seed=-1), "seed cannot be -1"),
    (lambda: complete(seed=1.5), "seed cannot be 1.5"),
    (lambda: puppyslug.load_network(ConvNet()), r"Network\.from_module"),
    (lambda: puppyslug.load_image(ARRAY), "ndarray"),
    (lambda: puppyslug.load_image("a.png", longest=0), "longest is 0"),
    (lambda: puppyslug.load_image("a.png", size=64), r"\(height, width\)"),
    (lambda: puppyslug.save_image(IMAGE, "a.png"), r"step\.to_pil\(\)"),
    (lambda: puppyslug.save_image(PHOTO, "a.jpg", quality=500), "quality is 500"),
]  # fmt: skip

DONE = [
    (lambda: steps(BYTES), lambda: steps(BYTES.float() / 255)),
    (lambda: steps(IMAGE.double()), lambda: steps(IMAGE)),
    (lambda: steps(IMAGE.half()), lambda: steps(IMAGE.half().float())),
    (lambda: steps(IMAGE.clone().requires_grad_()), lambda: steps(IMAGE)),
    (lambda: steps(mask=MASK.bool()), lambda: steps(mask=MASK)),
    (lambda: steps(mask=(MASK * 255).to(torch.uint8)), lambda: steps(mask=MASK)),
    (lambda: steps(mask=MASK.clone().requires_grad_()), lambda: steps(mask=MASK)),
    (lambda: portraits("relu2:1"), lambda: portraits([channel("relu2", 1)])),
    (lambda: portraits(channel("relu2", 1)), lambda: portraits([channel("relu2", 1)])),
    (lambda: TOY.activations(IMAGE, "relu2")["relu2"],
     lambda: TOY.activations(IMAGE, ["relu2"])["relu2"]),
    (lambda: portraits([sum([layer("relu2"), layer("relu1")])]),
     lambda: portraits([layer("relu2") + layer("relu1")])),
    (lambda: portraits([layer("relu2") / 2]), lambda: portraits([0.5 * layer("relu2")])),
    (lambda: portraits([see(2)]), lambda: portraits([see("2")])),
    (lambda: portraits([channel("relu2", np.int64(1))]), lambda: portraits(["relu2:1"])),
    (lambda: torch.tensor(puppyslug.classify(BYTES, network=OWN).guesses[0].probability),
     lambda: torch.tensor(puppyslug.classify(PHOTO, network=OWN).guesses[0].probability)),
]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_it_is_refused_in_one_line_that_names_value_and_remedy(call, message):
    with pytest.raises(PuppyslugError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert " --" not in str(caught.value)  # options of the command line


@pytest.mark.parametrize(("call", "meant"), DONE)
def test_it_is_done_where_the_meaning_is_plain(call, meant):
    assert torch.equal(call(), meant())


def test_an_existing_file_is_kept_in_the_librarys_terms(tmp_path):
    puppyslug.save_image(PHOTO, "a.png")
    with pytest.raises(PuppyslugError, match=r"a\.png exists.*overwrite=True"):
        puppyslug.save_image(PHOTO, "a.png")

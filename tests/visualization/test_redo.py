"""Every picture that the library saves carries a recipe that reproduces it, or none."""

import numpy as np
import pytest
import torch
from PIL import Image

import puppyslug
from puppyslug.errors import PuppyslugError, RecipeError
from puppyslug.images import read_recipe_text
from puppyslug.networks.network import Network
from puppyslug.recipe import Recipe
from support.external_modules import LABELS, ConvNet, create_seeded

FAST = {"octaves": 2, "iterations": 2, "jitter": 3}
VGG = {**FAST, "network": "vgg19", "layer": "relu2_1", "size": 64, "precision": "float32"}


def run(photo, settings, network, *, until=None, **changes):
    """Run a dream step by step; return the state after its last step, or an earlier one."""
    recipe = Recipe.complete(settings, network.spec)
    steps = puppyslug.dream_steps(photo, recipe, network)
    for step in steps:
        last = steps.send(changes) if changes and step.number == 1 else step
        if step.number == until:
            break
    return last


@pytest.fixture(scope="module")
def vgg():
    return puppyslug.load_network("vgg19", precision="float32", device="cpu")


@pytest.fixture(scope="module")
def own():
    return Network.from_module(create_seeded(ConvNet), labels=LABELS, trained_at=64, name="own")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a photo, a mask and a guide."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for name, size in (("cat.png", (60, 90)), ("half.png", (60, 90)), ("guide.png", (70, 70))):
        pixels = generator.integers(0, 256, (*size, 3), dtype=np.uint8)
        pixels[:, : 20 * (name == "half.png")] = 0
        Image.fromarray(pixels).save(name)
    return tmp_path


def photo(**arguments):
    return puppyslug.load_image("cat.png", **arguments)


WAYS = {
    "the last step": lambda vgg, _: run(photo(), {**FAST, "objective": "relu2_1"}, vgg).to_pil(),
    "a scaled photo": lambda vgg, _: run(
        photo(longest=48), {**FAST, "objective": "relu2_1", "size": 300}, vgg
    ).to_pil(),
    "an earlier step": lambda vgg, _: run(
        photo(), {**FAST, "objective": "relu2_1"}, vgg, until=3
    ).to_pil(),
    "a step in the first octave": lambda vgg, _: run(
        photo(), {**FAST, "objective": "relu2_1", "strength": 0.5}, vgg, until=1
    ).to_pil(),
    "a steered dream": lambda vgg, _: run(
        photo(), {**FAST, "objective": "relu2_1"}, vgg, step_size=4.0, objective="relu1_2"
    ).to_pil(),
    "a count of objects": lambda vgg, _: run(
        photo(), {**FAST, "objective": "relu2_1", "count": 1}, vgg
    ).to_pil(),
    "the strongest channels": lambda vgg, _: run(
        photo(), {**FAST, "objective": "strongest(relu2_1, 2)"}, vgg
    ).to_pil(),
    "a network of the caller": lambda _, own: run(photo(), FAST, own).to_pil(),
    "a class of the caller's": lambda _, own: puppyslug.dream(
        "cat.png", network=own, see="dog", **FAST
    ),
    "dream() of a file": lambda *_: puppyslug.dream("cat.png", **VGG),
    "dream() of clouds": lambda *_: puppyslug.dream(**VGG),
    "dream() of noise": lambda *_: puppyslug.dream("noise", **VGG, seed=3),
    "dream() of a loaded photo": lambda vgg, _: puppyslug.dream(
        photo(), network=vgg, **FAST, layer="relu2_1"
    ),
    "dream() with a recipe": lambda vgg, _: puppyslug.dream(
        "cat.png", recipe=Recipe.complete({**FAST, "objective": "relu2_1"}), network=vgg
    ),
    "dream() with mask and guide": lambda *_: puppyslug.dream(
        "cat.png", **VGG, mask="half.png", guide="guide.png"
    ),
    "dream() that ends early": lambda *_: puppyslug.dream(
        "cat.png", **VGG, on_step=lambda step: step.number < 3
    ),
    "dream() with threads": lambda *_: puppyslug.dream("cat.png", **VGG, threads=1),
    "dream() of a cropped photo": lambda *_: puppyslug.dream("cat.png", **VGG | {"size": "48x60"}),
    "dream() in tiles": lambda *_: puppyslug.dream("cat.png", **VGG, tile="32x32"),
    "portrait()": lambda vgg, _: puppyslug.portrait("relu2_1:5", vgg, size=48, steps=3).to_pil(),
    "portraits side by side": lambda vgg, _: puppyslug.portrait(
        ["relu2_1:5", puppyslug.channel("relu1_1", 2)], vgg, size=48, steps=3, transparent=True
    ).to_pil(),
    "variants": lambda vgg, _: puppyslug.portrait(
        "relu2_1:5", vgg, size=48, steps=3, batch=2, diversity=3.0, seed=4
    ).to_pil(),
    "a portrait that ends early": lambda vgg, _: puppyslug.portrait(
        "relu2_1:5", vgg, size=48, steps=5, on_step=lambda step: step.step < 2
    ).to_pil(),
    "portraits of the caller's classes": lambda _, own: puppyslug.portrait(
        ["see(dog)", "body:2"], own, size=64, steps=3
    ).to_pil(),
}


@pytest.mark.parametrize("way", WAYS)
def test_redo_gives_the_same_bytes(folder, vgg, own, way):
    picture = WAYS[way](vgg, own)
    picture.save("pillow.png")
    puppyslug.save_image(picture, "own.png")
    network = own if "caller" in way else None
    for name in ("pillow.png", "own.png"):
        again = puppyslug.redo(name, network=network)
        assert again.tobytes() == picture.tobytes()
        assert again.info["puppyslug"] == picture.info["puppyslug"]
        puppyslug.save_image(again, f"again-{name}", overwrite=True)
    assert (folder / "own.png").read_bytes() == (folder / "again-own.png").read_bytes()
    assert str(folder) not in read_recipe_text("own.png")


@pytest.mark.parametrize("portrait", [False, True])
def test_a_recipe_is_complete(folder, vgg, portrait):
    if portrait:
        recipe = puppyslug.portrait("relu2_1:5", vgg, size=48, steps=2).recipe
    else:
        recipe = run(photo(), {**FAST, "objective": "relu2_1"}, vgg).saved_recipe
        assert recipe.photo.name == "cat.png"
        assert recipe.size == "90x60"
    assert recipe.weights.sha256 == vgg.weights_sha256
    expected = (vgg.precision, "cpu", *vgg.convolution)
    assert (recipe.precision, recipe.device, recipe.winograd, recipe.kernels) == expected
    assert recipe.threads == torch.get_num_threads()


def test_what_no_recipe_reproduces_carries_none(folder, vgg):
    tensor, settings = photo().image, {**FAST, "objective": "relu2_1"}
    recipe = Recipe.complete(settings)
    mask = torch.ones(1, 1, 60, 90)
    pictures = [
        run(tensor, settings, vgg),
        run(photo(size=(30, 90)), settings, vgg),
        *puppyslug.dream_steps(photo(), recipe, vgg, mask=mask),
        *puppyslug.dream_steps(photo(), recipe, vgg, detail=torch.zeros(1, 3, 60, 90)),
        *puppyslug.dream_steps(photo(), recipe, vgg, frame=2),
    ]
    for step in pictures:
        assert step.saved_recipe is None
        step.to_pil().save("a.png")
        with pytest.raises(RecipeError, match=r"a\.png contains no recipe"):
            puppyslug.redo("a.png")


def test_a_photo_in_memory_has_to_be_passed_again(folder):
    with Image.open("cat.png") as file:
        image = file.copy()
    dream = puppyslug.dream(image, **VGG)
    dream.save("a.png")
    with pytest.raises(PuppyslugError, match=r"was not a file; pass it as photo"):
        puppyslug.redo("a.png")
    for source in (image, "cat.png"):  # the same pixels
        assert puppyslug.redo("a.png", photo=source) == dream
    with pytest.raises(PuppyslugError, match=r"content differs"):
        puppyslug.redo("a.png", photo="guide.png")


def test_a_dream_of_a_file_in_another_folder_is_found(folder):
    for name in ("photos", "dreams"):
        (folder / name).mkdir()
    (folder / "cat.png").rename(folder / "photos/cat.png")
    dream = puppyslug.dream("photos/cat.png", **VGG)
    dream.save("a.png")
    assert puppyslug.redo("a.png") == dream
    dream.save("dreams/a.png")
    assert puppyslug.redo("dreams/a.png") == dream


def test_a_dream_can_be_repeated_larger(folder):
    dream = puppyslug.dream("cat.png", **VGG)
    dream.save("a.png")
    assert puppyslug.redo("a.png", size=128).width == 128
    puppyslug.portrait("relu2_1:5", size=48, steps=2).save("p.png")
    assert puppyslug.redo("p.png", size=64).size == (64, 64)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"photo": "cat.png"}, "photo"),
        ({"mask": "cat.png"}, "mask"),
        ({"memory": "1GB"}, "memory"),
        ({"network": "efficientnet_lite0"}, "vgg19"),
        ({"size": 3}, "size cannot be 3"),
    ],
)
def test_what_a_portrait_does_not_have_is_refused(folder, arguments, named):
    puppyslug.portrait("relu2_1:5", size=48, steps=1).save("p.png")
    with pytest.raises(PuppyslugError, match=named):
        puppyslug.redo("p.png", **arguments)


def test_another_network_of_the_caller_is_refused(folder, own, vgg):
    puppyslug.dream("cat.png", network=own, **FAST).save("a.png")
    with pytest.raises(PuppyslugError, match=r"own, not for vgg19"):
        puppyslug.redo("a.png", network=vgg)
    other = Network.from_module(ConvNet(), labels=LABELS, trained_at=64, name="own")
    with pytest.raises(PuppyslugError, match=r"weights of the network own"):
        puppyslug.redo("a.png", network=other)

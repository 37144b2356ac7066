"""Networks that others bring: modules of one's own, transformers, packages, functions."""

import subprocess
import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch
from torch import nn

from puppyslug.cli import main
from puppyslug.engine.loop import dream_steps
from puppyslug.errors import NetworkError, WeightsError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks import find_spec
from puppyslug.networks.external import loader
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.objectives import parse_objective, see
from puppyslug.recipe.recipe import Recipe
from puppyslug.recognition.class_maps import class_map

LABELS = ["cat", "dog", "house", "sky"]


class Convolutions(nn.Module):
    """Odd strides and paddings, operations in place, a head, and a count of what was run."""

    def __init__(self):
        super().__init__()
        self.run = []
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 2), nn.ReLU(inplace=True))
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.body = nn.Sequential(nn.Conv2d(8, 12, 3, 2), nn.BatchNorm2d(12), nn.ReLU(inplace=True))
        self.pair = _Pair()
        self.average = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(12, 4)

    def forward(self, x):
        x = self.body(self.pool(self.stem(x)))
        self.run.append("body")
        x, _ = self.pair(x)
        return self.head(self.average(x).flatten(1))


class _Pair(nn.Module):
    def forward(self, x):
        return x, x


class Transformer(nn.Module):
    """A small vision transformer: patches, a class token, positions that can be interpolated."""

    def __init__(self, width=24, patch=8):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, width, 6, 6))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, 4, 2 * width, batch_first=True, dropout=0, norm_first=True
            )
            for _ in range(3)
        )
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        maps = self.patches(x)
        positions = nn.functional.interpolate(self.positions, maps.shape[-2:], mode="bilinear")
        tokens = (maps + positions).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), tokens], 1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(tokens[:, 0])


class ChannelsLast(nn.Module):
    """A map as N×h×w×C in the middle; edges must be multiples of 4."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 6, 4, 4)
        self.mixed = nn.Linear(6, 6)

    def forward(self, x):
        assert x.shape[-1] % 4 == 0, "edges must be multiples of 4"
        assert x.shape[-2] % 4 == 0, "edges must be multiples of 4"
        return self.mixed(self.patches(x).permute(0, 2, 3, 1))


def seeded(make):
    torch.manual_seed(7)
    return make()


@pytest.fixture
def convolutions():
    return Network.from_module(seeded(Convolutions), labels=LABELS, trained_at=64)


@pytest.fixture
def transformer():
    return Network.from_module(seeded(Transformer), labels=LABELS, trained_at=48)


@pytest.mark.parametrize("make", [Convolutions, Transformer, ChannelsLast])
def test_what_was_measured_is_so_at_any_size(make):
    labels = None if make is ChannelsLast else LABELS
    network = Network.from_module(seeded(make), labels=labels, trained_at=64)
    names = [layer.name for layer in network.spec.layers]
    for size in ((64, 64), (71, 90), (100, 53), (123, 200)):
        activations = network.activations(torch.rand(2, 3, *size), names)
        for layer in network.spec.layers:
            assert activations[layer.name].shape == (2, layer.channels, *layer.positions(size))


def test_layers_are_the_submodules_from_the_picture_upwards(convolutions):
    names = [layer.name for layer in convolutions.spec.layers]
    assert names == [
        "stem.0", "stem.1", "stem", "pool", "body.0", "body.1", "body.2", "body", "average",
        "head", CLASS_MAP,
    ]  # fmt: skip
    strides = {layer.name: layer.stride for layer in convolutions.spec.layers}
    assert (strides["stem"], strides["pool"], strides["body"]) == (2, 4, 8)


def test_activations_are_the_modules_own_and_nothing_in_place_spoils_them(convolutions):
    module = convolutions._architecture.module
    image = torch.rand(1, 3, 70, 80)
    names = ["stem.0", "stem.1", "body.1", CLASS_MAP]
    found = convolutions.activations(image, names)
    with torch.no_grad():
        first = module.stem[0](image)
        assert torch.allclose(found["stem.0"], first, atol=1e-6)
        assert torch.allclose(found["stem.1"], first.relu(), atol=1e-6)
        normed = module.body[1](module.body[0](module.pool(first.relu())))
        assert torch.allclose(found["body.1"], normed, atol=1e-6)
        assert torch.allclose(found[CLASS_MAP].flatten(), module(image).flatten(), atol=1e-6)


def test_nothing_above_the_highest_layer_is_run(convolutions):
    module = convolutions._architecture.module
    module.run.clear()
    convolutions.activations(torch.rand(1, 3, 64, 64), ["pool"])
    assert module.run == []
    convolutions.activations(torch.rand(1, 3, 64, 64), [CLASS_MAP])
    assert module.run == ["body"]
    assert not module._forward_hooks
    assert not module.pool._forward_hooks


def test_tokens_are_the_map_that_they_came_from(transformer):
    module = transformer._architecture.module
    image = torch.rand(1, 3, 40, 67)
    (found,) = transformer.activations(image, ["blocks.1"]).values()
    tokens = {}
    module.blocks[1].register_forward_hook(lambda m, i, output: tokens.update(output=output))
    with torch.no_grad():
        module(image[..., :64])  # whole patches
    for row in range(5):
        for column in range(8):
            expected = tokens["output"][0, 1 + row * 8 + column]
            assert torch.allclose(found[0, :, row, column], expected, atol=1e-5)


@pytest.mark.parametrize("text", ["blocks.2", "2*blocks.0:3 - patches", "blocks.1:2@c", "see(dog)"])
def test_transformers_dream(transformer, text):
    recipe = Recipe.complete(
        {"objective": text, "octaves": 2, "iterations": 5, "jitter": 0, "step_size": 3}
    )
    image = torch.rand(1, 3, 72, 90, generator=torch.Generator().manual_seed(1))
    steps = list(dream_steps(image, recipe, transformer))
    assert steps[-1].score > steps[5].score
    assert not torch.equal(steps[-1].image, image)


def test_the_gradient_is_the_modules(convolutions):
    module = convolutions._architecture.module
    image = torch.rand(1, 3, 64, 96)
    source = image.clone().requires_grad_()
    expected = module(source).log_softmax(1)[0, 1]
    expected.backward()
    score, gradient = value_and_gradient(convolutions, see("dog", convolutions.find_label), image)
    assert score.item() == pytest.approx(expected.item(), abs=1e-5)
    assert torch.allclose(gradient, source.grad, atol=1e-6)
    tiled = value_and_gradient(convolutions, parse_objective("pool"), image, (32, 32))[1]
    whole = value_and_gradient(convolutions, parse_objective("pool"), image)[1]
    assert torch.allclose(tiled, whole, atol=1e-7)


def test_a_class_map_without_positions_is_the_verdict(convolutions):
    image = torch.rand(1, 3, 80, 64)
    evidence = class_map(convolutions, image)
    assert evidence.shape == (1, 4, 1, 1)
    assert torch.allclose(evidence.flatten(), convolutions._architecture.module(image).flatten())


def test_the_input_is_what_the_module_expects():
    module = nn.Sequential(nn.Identity(), nn.Conv2d(3, 3, 1))
    network = Network.from_module(
        module, mean=(10, 20, 30), std=(2, 4, 5), input_range=(-128, 127), bgr=True, trained_at=64
    )
    image = torch.rand(1, 3, 8, 8)
    (seen,) = network.activations(image, ["0"]).values()
    red, green, blue = (image[0] * 255 - 128).unbind()
    for channel, (colour, mean, std) in enumerate(((blue, 10, 2), (green, 20, 4), (red, 30, 5))):
        assert torch.allclose(seen[0, channel], (colour - mean) / std, atol=1e-4)


def test_numbered_submodules_are_layers_too():
    network = Network.from_module(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3)), trained_at=32
    )
    score, _ = value_and_gradient(network, parse_objective("2*0:1 - 2"), torch.rand(1, 3, 32, 32))
    assert score.isfinite().all()


class Fixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 4, 8, 8)
        self.head = nn.Linear(4 * 64, 4)

    def forward(self, x):
        return self.head(self.patches(x).flatten(1))


@pytest.mark.parametrize(
    ("make", "options", "said"),
    [
        (Fixed, {}, "pictures of 64×64 only"),
        (Fixed, {"trained_at": 60}, "cannot look at a picture of 60×60"),
        (Convolutions, {"labels": ["one", "two"]}, "2 labels, but the module gives 4 numbers"),
        (Convolutions, {"labels": "imagenet"}, "1000 labels"),
        (lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), {}, "no submodule"),
        (_Pair, {"labels": LABELS}, "does not give|no submodule"),
        (Convolutions, {"default_layer": "nothing"}, "no layer 'nothing'"),
    ],
)
def test_modules_that_do_not_fit_say_why(make, options, said):
    with pytest.raises(NetworkError, match=said):
        Network.from_module(make(), **{"trained_at": 64, **options})


def test_layers_that_give_pairs_or_do_not_exist_are_refused(convolutions):
    for name in ("pair", "nothing"):
        with pytest.raises(NetworkError, match=f"no layer '{name}'"):
            convolutions.activations(torch.rand(1, 3, 64, 64), [name])


def test_a_picture_that_the_module_cannot_look_at_is_an_error_of_ours(convolutions):
    with pytest.raises(NetworkError, match="cannot look at a picture of 3×2"):
        convolutions.activations(torch.rand(1, 3, 2, 3), [CLASS_MAP])


@pytest.fixture
def package(monkeypatch):
    """An installed module ``mine`` with functions that make networks."""
    module = types.ModuleType("mine")
    module.made = 0

    def network():
        module.made += 1
        return Network.from_module(seeded(Convolutions), labels=LABELS, trained_at=64)

    module.network, module.nothing = network, lambda: 3
    module.broken = lambda: 1 / 0
    monkeypatch.setitem(sys.modules, "mine", module)
    monkeypatch.setattr(loader, "_allowed", set())
    loader.bring.cache_clear()
    yield module
    loader.bring.cache_clear()


def test_code_runs_only_where_it_is_asked_for(package, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NetworkError, match="is code of others, which a recipe cannot ask"):
        find_spec("mine:network")
    with pytest.raises(NetworkError, match="is code"):
        Recipe.complete({"network": "mine:network"})
    assert package.made == 0
    common = ["--size", "80x64", "--octaves", "1", "--iterations", "2", "--quiet"]
    named = ["--network", "mine:network"]
    assert main(["dream", "clouds", *named, "--see", "house", *common, "-o", "d.png"]) == 0
    assert package.made == 1
    loader._allowed.clear()
    loader.bring.cache_clear()
    assert main(["redo", "d.png", "--quiet"]) == 1
    assert "name it yourself with --network" in capsys.readouterr().err
    assert main(["redo", "d.png", "--quiet", "-o", "again.png", *named]) == 0
    assert (tmp_path / "d.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    capsys.readouterr()
    assert main(["layers", "mine:network"]) == 0
    assert "body.2" in capsys.readouterr().out
    assert main(["classify", "d.png", *named]) == 0
    assert "house" in capsys.readouterr().out
    assert main(["labels", *named]) == 0
    assert "sky" in capsys.readouterr().out
    assert main(["dream", "clouds", *named, "--weights", "d.png"]) == 1
    assert "leave out --weights" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine:nothing", "gives a int; it should give a Network"),
        ("mine:missing", "has no attribute 'missing'"),
        ("mine:broken", "ZeroDivisionError"),
        ("no_such_package:network", "cannot be imported"),
        ("timm/resnet50", "needs the package timm"),
        ("torchvision/resnet18", "needs the package torchvision"),
    ],
)
def test_what_cannot_be_brought_says_why(package, name, said, capsys, monkeypatch):
    for library in ("timm", "torchvision"):
        monkeypatch.setitem(sys.modules, library, None)
    assert main(["layers", name]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_packages_bring_networks_by_entry_points(package, monkeypatch, capsys):
    entry = EntryPoint("mynet", "mine:network", loader.GROUP)

    def entry_points(group, name=None):
        return [entry] if group == loader.GROUP and name in (None, "mynet") else []

    monkeypatch.setattr(loader, "entry_points", entry_points)
    assert main(["networks"]) == 0
    assert "mynet" in capsys.readouterr().out
    assert package.made == 0  # listing loads nothing
    recipe = Recipe.complete({"network": "mynet", "objective": "see(house)"})
    assert load_network(recipe.network) is load_network("mynet")
    assert find_spec("mynet").name == "mynet"
    assert package.made == 1
    with pytest.raises(NetworkError, match="mynet"):
        find_spec("mynett")
    with pytest.raises(WeightsError, match="brings its own labels"):
        load_network("mynet", labels="x.txt")


def _created(name, pretrained, **options):
    if options:
        raise TypeError("unexpected keyword argument 'dynamic_img_size'")
    module = seeded(Convolutions)
    module.num_classes = 4
    return module


def test_timms_models_are_adapted(monkeypatch):
    config = {"mean": (0.5,) * 3, "std": (0.5,) * 3, "input_size": (3, 64, 64)}
    timm = types.ModuleType("timm")
    timm.create_model = _created
    timm.data = types.SimpleNamespace(resolve_model_data_config=lambda module: config)
    monkeypatch.setitem(sys.modules, "timm", timm)
    loader.bring.cache_clear()
    network = load_network("timm/some_net.in1k")
    assert network.spec.name == "timm/some_net.in1k"
    assert network.spec.mean == (0.5,) * 3
    assert network.spec.trained_at == 64
    assert not network.spec.classes
    loader.bring.cache_clear()


def test_torchvisions_models_are_adapted(monkeypatch):
    transforms = types.SimpleNamespace(mean=(0.4,) * 3, std=(0.2,) * 3, crop_size=[64])
    default = types.SimpleNamespace(transforms=lambda: transforms, meta={"categories": LABELS})
    models = types.SimpleNamespace(
        get_model_weights=lambda name: types.SimpleNamespace(DEFAULT=default),
        get_model=lambda name, weights: seeded(Convolutions),
    )
    library = types.ModuleType("torchvision")
    library.models = models
    monkeypatch.setitem(sys.modules, "torchvision", library)
    loader.bring.cache_clear()
    network = load_network("torchvision/net")
    assert network.find_label("dog").number == 1
    assert network.spec.std == (0.2,) * 3
    loader.bring.cache_clear()


def test_modules_in_the_current_folder_are_found_by_the_installed_command(tmp_path):
    (tmp_path / "here.py").write_text(
        "from torch import nn\nfrom puppyslug import Network\n"
        "network = Network.from_module(nn.Sequential(nn.Conv2d(3, 4, 3)), trained_at=32)\n"
    )
    command = [str(Path(sys.executable).with_name("puppyslug")), "layers", "here:network"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr


def test_an_ensemble_with_a_module_is_exact_and_comes_out_alike(package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = ["--network", "mine:network+efficientnet_lite0"]
    short = ["--size", "96x80", "--octaves", "1", "--iterations", "2", "--quiet"]
    wish = ["--objective", "body + 0.01*block_2"]
    assert main(["dream", "clouds", *own, *wish, *short, "-o", "d.png"]) == 0
    assert main(["redo", "d.png", "-o", "again.png", "--quiet", *own]) == 0
    assert Path("d.png").read_bytes() == Path("again.png").read_bytes()
    assert load_network("mine:network+efficientnet_lite0").precision == "float32"


def test_a_recipe_names_the_network_that_dreamt(transformer):
    recipe = Recipe.complete({"objective": "blocks.1", "octaves": 1, "iterations": 1})
    (step,) = dream_steps(torch.rand(1, 3, 48, 48), recipe, transformer)
    assert step.recipe.network == transformer.spec.name


class Shared(nn.Module):
    """A submodule that goes by two names, names that objectives cannot spell, a stride of 5."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(3, 3, 3, padding=1)
        self.two = self.one
        self.add_module("odd-name", nn.Conv2d(3, 4, 5, stride=5))
        self.labels = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        return self.labels(getattr(self, "odd-name")(self.two(self.one(x)))).mean((2, 3))


def test_a_module_is_left_as_it_was_and_odd_names_can_be_spelt():
    module = seeded(Shared)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    network = Network.from_module(module, labels=LABELS, trained_at=64)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert network.spec.layer("odd_name").stride == 5
    found = network.activations(torch.rand(1, 3, 64, 70), ["one", "odd_name", CLASS_MAP, "labels_"])
    assert found["odd_name"].shape == (1, 4, 12, 14)
    assert found[CLASS_MAP].shape == (1, 4, 1, 1)
    other = network.moved(precision="bfloat16", device="cpu")
    other.activations(torch.rand(1, 3, 64, 70), ["one"])
    network.activations(torch.rand(1, 3, 64, 70), ["one"])


class NoGradient(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        with torch.no_grad():
            return self.body(x)


def test_a_layer_without_gradients_says_so():
    network = Network.from_module(NoGradient(), trained_at=32)
    with pytest.raises(NetworkError, match="no gradient comes back"):
        value_and_gradient(network, parse_objective("body"), torch.rand(1, 3, 32, 32))


def test_adapters_wait_to_be_asked_too(package, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    for name in ("timm/x", "vgg19+torchvision/y"):
        with pytest.raises(NetworkError, match="a recipe cannot ask"):
            Recipe.complete({"network": name})

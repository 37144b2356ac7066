"""The worked example in docs/networks.md: a network is two files, and no other file changes."""

import re
import sys
from pathlib import Path

import pytest
import torch

from puppyslug import dream_steps
from puppyslug.cli import main
from puppyslug.networks import architectures, find_spec, list_networks, registry, specs
from puppyslug.networks.architectures import registry as architecture_registry
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.weights.state_dict import load_weights
from puppyslug.recipe import Recipe
from support.random_networks import random_architecture

DOCS = Path(__file__).parents[2] / "docs" / "networks.md"
NAME = "tinynet"


def example_files() -> dict[str, str]:
    """The Python files of the example, by the path in their first line."""
    blocks = re.findall(r"```py\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    pairs = (block.partition("\n") for block in blocks)
    prefix = "# src/puppyslug/networks/"
    return {
        first.removeprefix(prefix): code for first, _, code in pairs if first.startswith(prefix)
    }


@pytest.fixture
def tinynet(tmp_path, monkeypatch):
    list_networks()  # so that all other specs are registered before
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setattr(architecture_registry, "_factories", dict(architecture_registry._factories))
    for package, folder in ((specs, "specs"), (architectures, "architectures")):
        (tmp_path / folder).mkdir()
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / folder)])
    for path, code in example_files().items():
        (tmp_path / path).write_text(code, encoding="utf-8")
    yield find_spec(NAME)
    for package in (specs, architectures):
        sys.modules.pop(f"{package.__name__}.{NAME}", None)
        vars(package).pop(NAME, None)


def test_the_example_is_one_spec_and_one_architecture():
    assert set(example_files()) == {f"specs/{NAME}.py", f"architectures/{NAME}.py"}


def test_it_is_listed_found_and_described(tinynet, capsys):
    assert tinynet in list_networks()
    assert main(["layers", NAME]) == 0
    printed = capsys.readouterr().out
    assert all(layer.name in printed for layer in tinynet.layers)


def test_its_layers_have_the_sizes_of_the_spec(tinynet):
    network = Network(tinynet, random_architecture(tinynet), precision="float32")
    names = [layer.name for layer in tinynet.layers]
    side = max(layer.min_size for layer in tinynet.layers)
    size = (side, side + 13)
    activations = network.activations(torch.rand(1, 3, *size), names)
    for layer in tinynet.layers:
        assert activations[layer.name].shape == (1, layer.channels, *layer.output_size(size))


def test_it_loads_a_weights_file_and_dreams(tinynet, tmp_path):
    source = random_architecture(tinynet)
    state = {
        name.replace("first", "features.0").replace("second", "features.3"): tensor
        for name, tensor in source.state_dict().items()
    }
    torch.save(state, tmp_path / "tinynet.pth")
    load_weights(random_architecture(tinynet, seed=5), tinynet, tmp_path / "tinynet.pth")
    network = load_network(NAME, weights=tmp_path / "tinynet.pth", precision="float32")
    recipe = Recipe.complete(
        {"network": NAME, "octaves": 1, "iterations": 4, "jitter": 0, "precision": "float32"}
    )
    steps = list(dream_steps(torch.rand(1, 3, 40, 48), recipe, network))
    assert steps[-1].score > steps[0].score

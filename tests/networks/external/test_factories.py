"""External networks by name: from factories, entry points and model zoos."""

import subprocess
import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from puppyslug.cli import main
from puppyslug.errors import NetworkError, WeightsError
from puppyslug.networks import find_spec
from puppyslug.networks.external import ENTRY_POINT_GROUP, factories, trusted_names
from puppyslug.networks.external.factories import load_external
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.recipe import Recipe
from support.external_modules import LABELS, ConvNet, create_seeded

SMALL = ["--octaves", "1", "--iterations", "2", "--quiet"]


@pytest.fixture
def package(monkeypatch):
    """An importable module ``mine`` with factories of networks."""
    module = types.ModuleType("mine")
    module.calls = 0

    def network():
        module.calls += 1
        return Network.from_module(create_seeded(ConvNet), labels=LABELS, trained_at=64)

    module.network, module.number = network, lambda: 3
    module.broken = lambda: 1 / 0
    monkeypatch.setitem(sys.modules, "mine", module)
    monkeypatch.setattr(trusted_names, "_trusted", set())
    load_external.cache_clear()
    yield module
    load_external.cache_clear()


def test_external_code_runs_only_when_the_user_names_it(package, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mine:network", "timm/x", "vgg19+torchvision/y"):
        with pytest.raises(NetworkError, match="as network"):
            Recipe.complete({"network": name})
    with pytest.raises(NetworkError, match="as network"):
        find_spec("mine:network")
    assert package.calls == 0
    named = ["--network", "mine:network"]
    size = ["--size", "80x64"]
    assert main(["dream", "clouds", *named, "--see", "house", *size, *SMALL, "-o", "d.png"]) == 0
    assert package.calls == 1
    trusted_names._trusted.clear()
    load_external.cache_clear()
    assert main(["redo", "d.png", "--quiet"]) == 1
    assert "--network" in capsys.readouterr().err
    assert main(["redo", "d.png", "--quiet", "-o", "again.png", *named]) == 0
    assert Path("d.png").read_bytes() == Path("again.png").read_bytes()


def test_every_command_accepts_an_external_network(package, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = ["--network", "mine:network"]
    size = ["--size", "80x64"]
    assert main(["dream", "clouds", *named, *size, *SMALL, "-o", "d.png"]) == 0
    for command, shown in (
        (["layers", "mine:network"], "body.2"),
        (["classify", "d.png", *named], "house"),
        (["labels", *named], "sky"),
    ):
        capsys.readouterr()
        assert main(command) == 0
        assert shown in capsys.readouterr().out
    assert main(["dream", "clouds", *named, "--weights", "d.png"]) == 1
    assert "--weights" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("mine:number", "int"),
        ("mine:missing", "missing"),
        ("mine:broken", "ZeroDivisionError"),
        ("no_such_package:network", "no_such_package"),
        ("timm/resnet50", "pip install timm"),
        ("torchvision/resnet18", "pip install torchvision"),
    ],
)
def test_networks_that_cannot_be_loaded_give_one_line(package, name, named, capsys, monkeypatch):
    for library in ("timm", "torchvision"):
        monkeypatch.setitem(sys.modules, library, None)
    assert main(["layers", name]) == 1
    error = capsys.readouterr().err
    assert named in error
    assert error.count("\n") == 1


def test_packages_declare_networks_as_entry_points(package, monkeypatch, capsys):
    entry = EntryPoint("mynet", "mine:network", ENTRY_POINT_GROUP)

    def entry_points(group, name=None):
        return [entry] if group == ENTRY_POINT_GROUP and name in (None, "mynet") else []

    monkeypatch.setattr(factories, "entry_points", entry_points)
    assert main(["networks"]) == 0
    assert "mynet" in capsys.readouterr().out
    assert package.calls == 0  # listing imports nothing
    recipe = Recipe.complete({"network": "mynet", "objective": "see(house)"})
    assert load_network(recipe.network) is load_network("mynet")
    assert find_spec("mynet").name == "mynet"
    assert package.calls == 1
    with pytest.raises(NetworkError, match="mynet"):
        find_spec("mynett")
    with pytest.raises(WeightsError, match=r"mynet.*leave out labels"):
        load_network("mynet", labels="x.txt")


def test_modules_in_the_current_folder_are_found(tmp_path):
    (tmp_path / "local_module.py").write_text(
        "from torch import nn\nfrom puppyslug import Network\n"
        "network = Network.from_module(nn.Sequential(nn.Conv2d(3, 4, 3)), trained_at=32)\n"
    )
    command = [str(Path(sys.executable).with_name("puppyslug")), "layers", "local_module:network"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_an_ensemble_with_an_external_network_is_reproducible(package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = ["--network", "mine:network+efficientnet_lite0"]
    options = ["--size", "96x80", "--objective", "body + 0.01*block_2"]
    assert main(["dream", "clouds", *named, *options, *SMALL, "-o", "d.png"]) == 0
    assert main(["redo", "d.png", "-o", "again.png", "--quiet", *named]) == 0
    assert Path("d.png").read_bytes() == Path("again.png").read_bytes()
    # external modules make "auto" float32 on every processor
    assert load_network("mine:network+efficientnet_lite0").precision == "float32"

"""timm and torchvision are replaced by stand-ins with the same functions."""

import sys
import types

import pytest

from puppyslug.errors import NetworkError
from puppyslug.networks.external.factories import load_external
from puppyslug.networks.external.model_zoos import load_model
from puppyslug.networks.loader import load_network
from support.external_modules import LABELS, ConvNet, create_seeded


@pytest.fixture(autouse=True)
def fresh_cache():
    load_external.cache_clear()
    yield
    load_external.cache_clear()


def _create_model(name, pretrained, **options):
    if options:
        raise TypeError("unexpected keyword argument 'dynamic_img_size'")
    module = create_seeded(ConvNet)
    module.num_classes = 4
    return module


def test_timm_models_are_loaded_with_their_input(monkeypatch):
    config = {"mean": (0.5,) * 3, "std": (0.5,) * 3, "input_size": (3, 64, 64)}
    timm = types.ModuleType("timm")
    timm.create_model = _create_model
    timm.data = types.SimpleNamespace(resolve_model_data_config=lambda module: config)
    monkeypatch.setitem(sys.modules, "timm", timm)
    spec = load_network("timm/some_net.in1k").spec
    assert spec.name == "timm/some_net.in1k"
    assert spec.mean == (0.5,) * 3
    assert spec.trained_at == 64
    assert not spec.classes


def test_torchvision_models_are_loaded_with_their_labels(monkeypatch):
    transforms = types.SimpleNamespace(mean=(0.4,) * 3, std=(0.2,) * 3, crop_size=[64])
    default = types.SimpleNamespace(transforms=lambda: transforms, meta={"categories": LABELS})
    library = types.ModuleType("torchvision")
    library.models = types.SimpleNamespace(
        get_model_weights=lambda name: types.SimpleNamespace(DEFAULT=default),
        get_model=lambda name, weights: create_seeded(ConvNet),
    )
    monkeypatch.setitem(sys.modules, "torchvision", library)
    network = load_network("torchvision/net")
    assert network.find_label("dog").number == 1
    assert network.spec.std == (0.2,) * 3


def test_an_error_of_the_package_names_the_model(monkeypatch):
    timm = types.ModuleType("timm")
    monkeypatch.setitem(sys.modules, "timm", timm)  # without create_model
    with pytest.raises(NetworkError, match="timm/unknown"):
        load_model("timm/unknown")

"""Linear probes: classifiers that were fitted to a layer of a network without one."""

import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from skimage import data

from puppyslug import classify, load_network
from puppyslug.errors import NetworkError
from puppyslug.gradient.activation_maps import compute_activation_map
from puppyslug.networks import find_spec, probes
from puppyslug.networks.weights.location import packaged_path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))


@pytest.fixture(scope="module")
def vgg19():
    return load_network("vgg19", precision="float32", winograd=0)


def test_the_class_map_is_linear_in_the_layer_below(vgg19):
    image = torch.rand(1, 3, 70, 90, generator=torch.Generator().manual_seed(0))
    found = vgg19.activations(image, ["labels", "relu5_4"])
    with safe_open(Path(probes.__file__).parent / "vgg19.safetensors", "pt") as file:
        weight, bias = (file.get_tensor(name).float() for name in ("weight", "bias"))
    expected = torch.einsum("nchw,kc->nkhw", found["relu5_4"], weight) + bias[:, None, None]
    torch.testing.assert_close(found["labels"], expected, rtol=1e-4, atol=1e-4)
    assert found["labels"].shape[-2:] == vgg19.spec.layer("labels").output_size((70, 90))


def test_tiles_of_the_class_map_equal_the_whole(vgg19):
    image = torch.rand(1, 3, 200, 150, generator=torch.Generator().manual_seed(0))
    whole = compute_activation_map(vgg19, "labels", image, [3, 285])
    tiles = compute_activation_map(vgg19, "labels", image, [3, 285], (96, 96))
    torch.testing.assert_close(tiles, whole, rtol=0, atol=1e-4)


def test_vgg19_takes_a_cat_for_a_cat(vgg19):
    guesses = classify(Image.fromarray(data.chelsea()), network=vgg19).guesses
    assert guesses[0].name in {"tabby", "tiger cat", "Egyptian cat", "lynx"}


def test_weights_that_the_probe_was_not_fitted_to_have_no_classes(tmp_path):
    spec = find_spec("vgg19")
    weights = torch.load(packaged_path(spec.weights), weights_only=True)
    weights["block1_conv1_b"] += 1
    torch.save(weights, tmp_path / "mine.pth")
    network = load_network("vgg19", weights=tmp_path / "mine.pth", precision="float32")
    assert network.spec.classes == 0
    assert network.activations(torch.rand(1, 3, 40, 40), "relu1_1")
    with pytest.raises(NetworkError, match=r"fitted to its own weights, not to mine\.pth.*leave"):
        network.activations(torch.rand(1, 3, 40, 40), "labels")


def test_an_ensemble_averages_the_classifiers_that_were_trained():
    spec = find_spec("vgg19+efficientnet_lite0")
    assert spec.layer("labels").geometry == find_spec("efficientnet_lite0").layer("labels").geometry
    network = load_network("vgg19+efficientnet_lite0", precision="float32")
    alone = load_network("efficientnet_lite0", precision="float32")
    image = torch.rand(1, 3, 64, 64)
    found = network.activations(image, ["labels", "vgg19::labels"])
    torch.testing.assert_close(found["labels"], alone.activations(image, "labels")["labels"])
    assert found["vgg19::labels"].shape == (1, 1000, 4, 4)


def test_a_probe_is_fitted_again_from_photographs(tmp_path, capsys):
    import fit_probe

    for name in ("chelsea", "coffee", "rocket"):
        Image.fromarray(getattr(data, name)()).resize((128, 96)).save(tmp_path / f"{name}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    output = tmp_path / "probe.safetensors"
    arguments = [str(tmp_path), "--teachers", "efficientnet_lite0", "--crops", "2"]
    fit_probe.main([*arguments, "-o", str(output)])
    printed = capsys.readouterr()
    assert "broken.png" in printed.err
    assert "agreement" in printed.out
    with safe_open(output, "pt") as file:
        assert file.get_tensor("weight").shape == (1000, 512)
        assert file.metadata()["photographs"] == "3"


@pytest.mark.parametrize("content", ["nothing", "unreadable"])
def test_a_folder_without_photographs_is_refused(content, tmp_path):
    import fit_probe

    if content == "unreadable":
        (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(SystemExit, match=r"^error: .*photographs"):
        fit_probe.main([str(tmp_path), "--teachers", "efficientnet_lite0"])


def test_ridge_regression_recovers_a_linear_map():
    import fit_probe

    generator = torch.Generator().manual_seed(0)
    features = torch.rand(200, 7, generator=generator)
    weight, bias = torch.randn(4, 7, generator=generator), torch.randn(4, generator=generator)
    examples = fit_probe.Examples(features, features @ weight.T + bias)
    found = fit_probe.fit(examples, 1e-9)
    torch.testing.assert_close(found[0], weight, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found[1], bias, rtol=1e-3, atol=1e-3)
    assert fit_probe.measure(examples, *found) == {"top1": 1.0, "top5": 1.0, "top50": 1.0}

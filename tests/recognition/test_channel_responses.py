"""Which channels answer to a picture, on the command line and as an objective."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from puppyslug.cli import main
from puppyslug.errors import ObjectiveError, RecipeError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.images import clouds, noise
from puppyslug.objectives import StrongestTerm, parse_objective
from puppyslug.recipe.settings import fold_objective
from puppyslug.recognition import channel_responses
from puppyslug.recognition.channel_responses import strongest, with_strongest


def activation(network, layer, image):
    with torch.no_grad():
        return network.activations(image, [layer])[layer][0].float().numpy()


def test_answers_are_numpys_means_against_those_to_nothing(toy, picture):
    nothing = [make((224, 224), seed) for make in (clouds, noise) for seed in (0, 1)]
    usual = np.mean(
        [np.maximum(activation(toy, "conv2", one), 0).mean((1, 2)) for one in nothing], axis=0
    )
    maps = np.maximum(activation(toy, "conv2", picture), 0)
    expected = maps.mean((1, 2)) / (usual + 0.1 * usual.mean())
    found = strongest(toy, "conv2", picture, 99)
    assert [answer.channel for answer in found] == np.argsort(-expected).tolist()
    for answer in found:
        assert answer.times == pytest.approx(expected[answer.channel], rel=1e-4)
        assert np.allclose(answer.where.numpy(), maps[answer.channel], atol=1e-6)


def test_in_tiles_the_answers_are_the_same(toy, monkeypatch):
    image = torch.rand(1, 3, 70, 90, generator=torch.Generator().manual_seed(1))
    whole = strongest(toy, "relu2", image, 3)
    monkeypatch.setattr(channel_responses, "TILE", 24)
    for one, other in zip(whole, strongest(toy, "relu2", image, 3), strict=True):
        assert one.channel == other.channel
        assert torch.allclose(one.where, other.where, atol=1e-6)


def test_heat_is_where_a_channel_fires(toy, picture):
    for answer in strongest(toy, "relu1", picture, 4):
        heat = answer.heat((40, 52))
        assert heat.shape == (1, 1, 40, 52)
        assert 0 <= heat.min() <= heat.max() <= 1
        if answer.times:
            assert torch.equal(heat.flatten().argmax(), answer.where.flatten().argmax())


def test_a_picture_too_small_is_said(toy):
    with pytest.raises(ObjectiveError, match="take a larger one, or a lower layer"):
        strongest(toy, "relu2", torch.rand(1, 3, 1, 9), 1)


def test_the_strongest_stand_in_for_what_asks_for_them(toy, picture):
    (first, second) = strongest(toy, "relu2", picture, 2)
    asked = parse_objective("relu1 - 0.5*strongest(relu2, 2)")
    found = with_strongest(asked, toy, picture)
    assert str(found) == f"relu1 - 0.5*relu2:{first.channel} - 0.5*relu2:{second.channel}"
    assert with_strongest(found, toy, picture) == found


def test_the_strongest_as_text_and_back(toy):
    text = "2*strongest(vgg19::relu4_4, 3) + relu3_1"
    objective = parse_objective(text)
    assert objective.terms[0][1] == StrongestTerm("vgg19::relu4_4", 3)
    assert str(objective) == text
    with pytest.raises(ObjectiveError, match="cannot be read"):
        parse_objective("strongest(relu4_4)")
    for count in (0, 7):
        with pytest.raises(ObjectiveError, match="ask for 1 to 6 of them"):
            parse_objective(f"strongest(relu2, {count})").check(toy.spec, (40, 40))
    with pytest.raises(ObjectiveError, match="when a dream begins"):
        value_and_gradient(toy, parse_objective("strongest(relu2, 1)"), torch.rand(1, 3, 9, 9))


def test_the_strongest_are_short_for_an_objective():
    assert fold_objective({"strongest": 3})["objective"] == "strongest(relu4_4, 3)"
    several = fold_objective({"strongest": 2, "layer": ["relu3_1", "relu5_1"]})
    assert several["objective"] == "strongest(relu3_1, 2) + strongest(relu5_1, 2)"
    for settings in (
        {"strongest": 2, "channel": 1},
        {"strongest": 2, "guide": "a.jpg"},
        {"strongest": 2, "see": "castle"},
    ):
        with pytest.raises(RecipeError, match=r"leave out|name it with --layer"):
            fold_objective(settings)


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(
        "puppyslug.visualization.atlas.locations.built_in_folder", lambda: tmp_path / "built"
    )
    pixels = np.random.default_rng(4).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(pixels).save("photo.png")
    return "photo.png"


SMALL = ["--octaves", "1", "--iterations", "2", "--precision", "float32", "--quiet"]


def test_a_dream_of_the_strongest_can_be_redone(photo, capsys):
    command = ["dream", photo, "--layer", "relu2_1", "--strongest", "2", *SMALL, "-o", "d.png"]
    assert main(command) == 0
    with Image.open("d.png") as dream:
        objective = parse_objective(json.loads(dream.text["puppyslug"])["objective"])
        first = np.asarray(dream)
    assert [term.layer for _, term in objective.terms] == ["relu2_1"] * 2
    assert main(["redo", "d.png", "-o", "again.png", "--quiet"]) == 0
    assert np.array_equal(np.asarray(Image.open("again.png")), first)
    capsys.readouterr()
    assert main([*command, "--force", "--strongest", "999"]) == 1
    assert "128 channels; ask for 1 to 128" in capsys.readouterr().err


def test_the_command_draws_portraits_where_there_is_no_atlas(photo, capsys):
    assert main(["channels", photo, "--layer", "relu1_1", "--top", "2"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].split() == ["channel", "answers"]
    assert [line.split(":")[0] for line in lines[1:3]] == ["relu1_1", "relu1_1"]
    assert lines[3] == "photo.channels.png"
    assert "'puppyslug atlas build vgg19 relu1_1' draws all" in shown.err
    with Image.open("photo.channels.png") as sheet:
        assert sheet.width > 2 * (80 + 60) or sheet.height > 2 * 60
    main(["atlas", "build", "vgg19", "relu1_1", "--size", "16", "--steps", "1", "--quiet"])
    capsys.readouterr()
    assert main(["channels", photo, "--layer", "relu1_1", "-o", "c.jpg"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0].split() == ["channel", "answers", "looks", "for"]
    assert "draws all" not in shown.err
    for arguments, said in (
        (["--layer", "relu9"], "no layer"),
        (["--layer", "relu1_1", "-o", "photo.png"], "exists"),
        (["--layer", "relu1_1", "-o", "photo.png", "--force"], "name another file"),
        (["--network", "nothing"], "nothing"),
    ):
        assert main(["channels", photo, *arguments]) == 1
        assert said in capsys.readouterr().err
    assert main(["channels", "missing.jpg"]) == 1
    assert "missing.jpg" in capsys.readouterr().err

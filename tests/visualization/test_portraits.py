"""Portraits: the spectrum, the views, batches, and what they show."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from puppyslug.cli import main
from puppyslug.engine.views import Turn, draw_turn
from puppyslug.errors import ObjectiveError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.networks.loader import load_network
from puppyslug.objectives import Batch, channel, guide, layer, see
from puppyslug.recognition.classification import verdict_logits
from puppyslug.visualization.fourier import Fourier
from puppyslug.visualization.portraits import portrait_steps


def last_of(steps):
    for step in steps:
        last = step
    return last


@given(st.integers(9, 40), st.integers(9, 40), st.booleans())
def test_a_spectrum_is_pictures_in_their_range(height, width, transparent):
    drawing = Fourier(2, (height, width), torch.Generator().manual_seed(1), transparent=transparent)
    images, alpha = drawing.picture()
    assert images.shape == (2, 3, height, width)
    assert 0 <= images.min() <= images.max() <= 1
    assert (alpha is not None) == transparent
    images.sum().backward()
    assert drawing.numbers.grad.isfinite().all()


def test_a_spectrum_begins_with_coarse_waves_louder_than_fine_ones():
    drawing = Fourier(4, (64, 64), torch.Generator().manual_seed(1))
    power = np.abs(np.fft.fft2(drawing.picture()[0].detach().numpy())).mean((0, 1))
    assert power[1, 0] > 4 * power[8, 0] > 8 * power[30, 0]


@given(st.integers(0, 2**32 - 1))
def test_a_turn_is_what_numpy_says_of_it(seed):
    turn = draw_turn(np.random.default_rng(seed), 3)
    assert turn == draw_turn(np.random.default_rng(seed), 3)
    rows, columns = np.mgrid[:12, :12] / 12
    image = torch.tensor(rows * 0.3 + columns * 0.6)[None, None].float()  # bilinear is exact on it
    shown = turn.of(image)[0, 0]
    assert shown.shape == (12, 12)
    angle = math.radians(turn.angle)
    enlarged = turn.scale * 18 / 12  # of the framed picture, 12 of its 18 pixels are shown
    for row, column in ((5, 6), (6, 5), (7, 7)):
        x, y = (2 * column + 1) / 12 - 1, (2 * row + 1) / 12 - 1
        right = (math.cos(angle) * x - math.sin(angle) * y) / enlarged + turn.shift[0]
        down = (math.sin(angle) * x + math.cos(angle) * y) / enlarged + turn.shift[1]
        there = ((down + 1) * 9 - 0.5 - 3, (right + 1) * 9 - 0.5 - 3)
        if all(0 <= place <= 11 for place in there):
            expected = there[0] / 12 * 0.3 + there[1] / 12 * 0.6
            assert float(shown[row, column]) == pytest.approx(expected, abs=1e-4)


def test_a_turn_of_nothing_changes_nothing():
    image = torch.rand(1, 3, 6, 6)
    assert torch.allclose(Turn(2, (0.0, 0.0), 0.0, 1.0).of(image), image, atol=1e-6)


def test_beyond_the_picture_is_grey():
    image = torch.ones(1, 3, 6, 6)
    moved = Turn(2, (0.2, 0.0), 0.0, 1.0).of(image)  # a fifth of half of ten pixels
    assert (moved[..., -1] - 0.5).abs().max() < 1e-6
    assert (moved[..., :-1] - 1).abs().max() < 1e-6


def test_in_a_batch_every_picture_has_its_own_score_and_gradient(toy):
    images = torch.rand(3, 3, 24, 24)
    wanted = (channel("relu2", 1), layer("relu1"), see("goldfish") + 0.5 * channel("relu1", 2))
    scores, gradient = value_and_gradient(toy, Batch(wanted), images)
    for number, objective in enumerate(wanted):
        one = images[number : number + 1]
        score, step = value_and_gradient(toy, objective, one)
        assert float(scores[number]) == pytest.approx(float(score), rel=1e-5)
        assert torch.allclose(gradient[number], step[0], atol=1e-7)


def test_diversity_costs_what_is_alike_and_nothing_that_is_not(toy):
    one, other = torch.rand(2, 1, 3, 24, 24)
    wanted = (channel("relu2", 1),) * 2
    plain, _ = value_and_gradient(toy, Batch(wanted), torch.cat([one, one]))
    same, _ = value_and_gradient(toy, Batch(wanted, 0.5), torch.cat([one, one]))
    assert torch.allclose(same, plain - 0.5 * plain.abs(), rtol=1e-4)
    apart, gradient = value_and_gradient(toy, Batch(wanted, 0.5), torch.cat([one, other]))
    assert apart[0] > same[0]
    assert gradient.abs().sum() > 0


def test_a_portrait_excites_what_it_is_of(toy):
    wanted = [channel("conv2", number) for number in range(3)]
    steps = list(portrait_steps(wanted, toy, size=40, steps=30))
    assert [step.step for step in steps] == list(range(30))
    images = steps[-1].images
    assert images.shape == (3, 3, 40, 40)
    with torch.no_grad():
        noise = toy.activations(steps[0].images, ["conv2"])["conv2"].mean((2, 3))
        means = toy.activations(images, ["conv2"])["conv2"].mean((2, 3))
    for number in range(3):
        assert means[number, number] > noise[number, number]
        assert means[number, number] == means[:, number].max()
    again = last_of(portrait_steps(wanted, toy, size=40, steps=30)).images
    assert torch.equal(again, images)
    other = last_of(portrait_steps(wanted, toy, size=40, steps=30, seed=1)).images
    assert not torch.equal(other, images)


def test_a_transparent_portrait_leaves_out_what_does_not_matter(toy):
    wanted = [1e-6 * channel("relu2", 0)]
    drawn = list(portrait_steps(wanted, toy, size=40, steps=25, transparent=True))
    assert drawn[-1].alpha.shape == (1, 1, 40, 40)
    assert drawn[-1].alpha.mean() < drawn[0].alpha.mean()


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        (guide("a.jpg", "relu1"), "a guide is a picture"),
        (channel("relu2", 6), "no channel 6"),
    ],
)
def test_what_cannot_be_portrayed_is_said(toy, objective, said):
    drawn = portrait_steps([objective], toy, size=40, steps=1)
    with pytest.raises(ObjectiveError, match=said):
        next(drawn)


def test_too_small_for_its_layer_is_said():
    network = load_network("vgg19")
    with pytest.raises(ObjectiveError, match="take a larger size than 8"):
        next(portrait_steps([channel("relu5_1", 3)], network, size=8, steps=1))


def test_a_channel_that_sleeps_is_woken():
    """Channel 37 of relu4_4 does not answer to noise at all."""
    network = load_network("vgg19")
    steps = list(portrait_steps([channel("relu4_4", 37)], network, size=64, steps=16))
    assert steps[0].scores[0] == 0
    assert steps[-1].scores[0] > 0


def test_the_command_draws_facets_into_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = ["--size", "48", "--steps", "2", "--quiet"]
    assert main(["portrait", "relu3_1:5", "-o", "p.png", "--batch", "3", *small]) == 0
    assert capsys.readouterr().out == "p.png\n"
    with Image.open("p.png") as picture:
        assert picture.size == (144, 48)
        made = json.loads(picture.text["puppyslug"])["portrait"]
    assert (made["objective"], made["network"], made["batch"]) == ("relu3_1:5", "vgg19", 3)
    assert main(["portrait", "see(castle)", "-o", "c.png", "--transparent", *small]) == 0
    with Image.open("c.png") as picture:
        assert picture.mode == "RGBA"
    for arguments, said in (
        (["relu3_1:999", "-o", "x.png"], "no channel 999"),
        (["relu9:1", "-o", "x.png"], "no layer"),
        (["relu3_1:5", "-o", "p.png"], "exists"),
        (["relu3_1:5", "-o", "x.jpg", "--transparent"], "cannot be transparent"),
        (["relu3_1:5", "-o", "x.xyz"], "use one of"),
        (["see(nothing at all)", "-o", "x.png"], "no class"),
    ):
        assert main(["portrait", *arguments, *small]) == 1
        assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("x.*"))


@pytest.mark.slow
def test_a_class_is_known_in_its_portrait():
    network = load_network("efficientnet_lite0")
    drawn = portrait_steps([see("goldfish"), see("school bus")], network, size=160, steps=128)
    images = last_of(drawn).images
    other = load_network("efficientnet_lite1")
    seen = [int(verdict_logits(other, image[None]).topk(5).indices.eq(label).any())
            for image, label in zip(images, (1, 779), strict=True)]  # fmt: skip
    assert seen == [1, 1]

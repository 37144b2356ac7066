"""Drawings of named things: objectives, the course of a drawing, and what it changes."""

from dataclasses import replace

import pytest
import torch

from puppyslug import load_network, see
from puppyslug.errors import NetworkError
from puppyslug.networks import find_spec
from puppyslug.objectives import parse_objective
from puppyslug.spectrum.drawing import Drawing
from puppyslug.spectrum.fourier import FourierImages
from puppyslug.spectrum.objectives import separate_members
from puppyslug.spectrum.settings import DrawingSettings

SETTINGS = DrawingSettings(30, views=((1.0, 32),), natural=0.0, noise=0.0)


def drawing(network, names=("goldfish",), annealing=0.0, base=None):
    objectives = [see(name, network.find_label) for name in names]
    settings = replace(SETTINGS, annealing=annealing)
    return Drawing(network, objectives, (40, 48), settings, seed=1, base=base)


def test_a_cutoff_removes_high_frequencies():
    images = FourierImages(1, (64, 64), torch.Generator().manual_seed(0), decay=1.0)
    planes = [images.decode(cutoff)[0].detach().mean((0, 1)) for cutoff in (0.05, None)]
    low, full = (torch.fft.fft2(plane - plane.mean()).abs()[13:32, 13:32] for plane in planes)
    assert low.max() < 0.01 * full.max()


def test_where_the_mask_is_0_pixels_are_those_of_the_base():
    base = torch.full((1, 3, 16, 16), 0.3)
    images = FourierImages(1, (16, 16), torch.Generator().manual_seed(0), base=base)
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :8] = 1
    image = images.decode(mask=mask)[0].detach()
    torch.testing.assert_close(image[..., 8:], base[..., 8:])
    assert (image[..., :8] - 0.3).abs().max() > 0.001


def test_the_cutoff_and_the_views_grow():
    settings = DrawingSettings(100)
    cutoffs = [settings.cutoff_at(step / 100) for step in range(100)]
    assert cutoffs == sorted(cutoffs)
    assert (cutoffs[0], cutoffs[-1]) == settings.cutoffs
    assert [settings.view_size_at(share) for share in (0, 0.59, 0.6, 1)] == [160, 160, 224, 224]


def test_the_learning_rate_falls_while_annealing_only():
    constant = DrawingSettings(100)
    assert {constant.learning_rate_at(step / 100) for step in range(100)} == {0.05}
    annealed = DrawingSettings(100, annealing=0.6)
    rates = [annealed.learning_rate_at(step / 100) for step in range(101)]
    assert set(rates[:41]) == {0.05}
    assert rates[41:] == sorted(set(rates[41:]), reverse=True)
    assert rates[-1] == pytest.approx(0.1 * 0.05)


def test_annealed_steps_become_smaller(toy):
    def last_change(annealing):
        course = drawing(toy, annealing=annealing)
        before, after = [course.step() for _ in range(30)][-2:]
        return (after - before).abs().mean()

    assert last_change(0.6) < 0.5 * last_change(0.0)


def test_a_class_is_asked_of_every_member_of_an_ensemble():
    spec = find_spec("vgg19+efficientnet_lite0+efficientnet_lite1")
    network = load_network("efficientnet_lite0", precision="float32")
    terms = separate_members(see("castle", network.find_label), spec).terms
    assert {term.layer for _, term in terms} == {f"{one.name}::labels" for one in spec.members}
    (alone,) = separate_members(see("castle", network.find_label), network.spec).terms
    assert (alone[0], str(alone[1])) == (1.0, "see(castle)")


def test_drawing_raises_what_is_maximised(toy):
    course = drawing(toy)
    first = [(course.step(), course.scores.item())[1] for _ in range(5)]
    last = [(course.step(), course.scores.item())[1] for _ in range(25)][-5:]
    assert sum(last) > sum(first)


def test_images_of_a_batch_are_selected_with_their_state(toy):
    course = drawing(toy, ("goldfish", "tench", "goldfish"))
    course.step()
    images = course.images()
    course.select([2, 0])
    assert torch.equal(course.images(), images[[2, 0]])
    assert course.step().shape == (2, 3, 40, 48)
    assert course.scores.shape == (2,)


def test_the_same_seed_draws_the_same(toy):
    runs = [drawing(toy) for _ in range(2)]
    for _ in range(3):
        first, second = (run.step() for run in runs)
    assert torch.equal(first, second)


def test_fidelity_keeps_the_base(toy):
    base = torch.rand(1, 3, 40, 48, generator=torch.Generator().manual_seed(2))
    distances = []
    for fidelity in (0.0, 50.0):
        course = drawing(toy, base=base)
        course.settings = DrawingSettings(
            30, views=((1.0, 32),), natural=0.0, noise=0.0, fidelity=fidelity
        )
        for _ in range(20):
            image = course.step()
        distances.append(float((image - base).square().mean()))
    assert distances[1] < 0.5 * distances[0]


def test_statistics_that_are_asked_for_must_exist(toy):
    settings = DrawingSettings(3, natural=5.0, requires_statistics=True)
    with pytest.raises(NetworkError, match="statistics"):
        Drawing(toy, [see("goldfish", toy.find_label)], (40, 40), settings, seed=0)


def test_statistics_of_a_member_that_is_not_computed_are_left_out():
    network = load_network("efficientnet_lite0+efficientnet_lite1", precision="float32")
    objective = parse_objective("efficientnet_lite1::block_0")
    layer = Drawing(network, [objective], (64, 64), DrawingSettings(steps=3), seed=1)
    before = layer.images()
    assert (layer.step() - before).abs().max() > 0

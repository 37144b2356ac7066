import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from puppyslug.engine.loop import SMALLEST_TILE, dream_steps
from puppyslug.errors import ImageError, ObjectiveError, RecipeError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.recipe.recipe import Recipe


def recipe(**chosen: object) -> Recipe:
    settings = {"octaves": 3, "iterations": 4, "jitter": 5, "objective": "relu2", **chosen}
    return Recipe.complete(settings)


def finish(image, followed, network, **arguments):
    *_, last = dream_steps(image, followed, network, **arguments)
    return last


def test_same_seed_same_bits_other_seed_other_picture(toy, picture):
    first = finish(picture, recipe(seed=1), toy).picture()
    assert torch.equal(first, finish(picture, recipe(seed=1), toy).picture())
    assert not torch.equal(first, finish(picture, recipe(seed=2), toy).picture())
    assert not torch.equal(first, finish(picture, recipe(seed=1), toy, frame=1).picture())


def test_every_step_is_yielded_and_every_octave_rises(toy, picture):
    steps = list(dream_steps(picture, recipe(), toy))
    assert [(s.octave, s.step) for s in steps] == [(o, i) for o in range(3) for i in range(4)]
    assert [s.number for s in steps] == list(range(1, 13))
    for octave in range(3):
        scores = [s.score for s in steps if s.octave == octave]
        assert scores == sorted(scores)
        assert scores[-1] > scores[0]
    fractions = [s.fraction for s in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert steps[-1].picture().shape == picture.shape
    assert steps[0].picture().shape == picture.shape


def test_negative_weights_turn_away(toy, picture):
    steps = list(dream_steps(picture, recipe(objective="-relu2", octaves=1), toy))
    assert steps[-1].score > steps[0].score
    towards = list(dream_steps(picture, recipe(octaves=1), toy))
    assert -steps[-1].score < towards[-1].score


@settings(max_examples=15)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 9), st.floats(1.1, 3))
def test_any_size_dreams(height, width, octaves, scale):
    from puppyslug.networks.network import Network
    from support.toy_network import Toy, toy_spec

    image = torch.rand(1, 3, height, width)
    chosen = recipe(octaves=octaves, octave_scale=scale, iterations=1)
    last = finish(image, chosen, Network(toy_spec(), Toy()))
    assert last.picture().shape == image.shape
    assert torch.isfinite(last.picture()).all()


def test_detail_starts_the_dream_warm(toy, picture):
    first = finish(picture, recipe(), toy)
    cold = finish(picture, recipe(octaves=1, iterations=1), toy)
    warm = finish(picture, recipe(octaves=1, iterations=1), toy, detail=first.detail)
    assert warm.score > cold.score


def test_another_gradient_can_stand_in(toy, picture):
    seen = []

    def gradient(network, objective, image, tile):
        seen.append(image.shape[-2:])
        return torch.ones(1), torch.ones_like(image)

    finish(picture, recipe(octaves=1, iterations=2), toy, gradient=gradient)
    assert seen == [(40, 52)] * 2


def test_a_steered_dream_can_be_dreamt_again(toy, picture):
    steps = dream_steps(picture, recipe(), toy)
    for step in steps:
        if step.number == 5:
            again = steps.send({"step_size": 6.0, "objective": "relu1:2"})
            assert again.number == 5
        last = step
    plain = finish(picture, recipe(), toy)
    assert not torch.equal(last.image, plain.image)
    assert [change[1:4] for change in last.recipe.schedule] == [
        (1, 1, "step_size"),
        (1, 1, "objective"),
    ]
    assert torch.equal(finish(picture, last.recipe, toy).image, last.image)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"octaves": 3}, RecipeError),
        ({"step_size": -1}, RecipeError),
        ({"objective": "relu2:99"}, ObjectiveError),
        ({"objective": "2*"}, ObjectiveError),
    ],
)
def test_a_wrong_change_is_refused(toy, picture, change, error):
    steps = dream_steps(picture, recipe(), toy)
    next(steps)
    with pytest.raises(error):
        steps.send(change)


def test_an_interrupted_dream_can_be_dreamt_again(toy, picture):
    steps = dream_steps(picture, recipe(), toy)
    for _ in range(6):
        stopped = next(steps)
    again = finish(picture, recipe(stop_after=6), toy)
    assert torch.equal(again.picture(), stopped.picture())


def test_a_larger_dream_has_the_same_composition(toy):
    from puppyslug.images import clouds, resize

    small = finish(clouds((60, 80)), recipe(size="80x60"), toy).picture()
    enlarged = recipe(size="80x60").resized("160")
    large = finish(clouds((120, 160)), enlarged, toy)
    assert large.octaves == 6
    reduced = torch.nn.functional.avg_pool2d(large.picture(), 2)
    other = finish(clouds((60, 80), seed=8), recipe(size="80x60"), toy).picture()
    assert (reduced - small).abs().mean() < 0.5 * (reduced - other).abs().mean()
    assert resize(small, (60, 80)) is small


def test_too_small_is_refused(toy):
    with pytest.raises(ImageError, match="needs 2×2"):
        next(dream_steps(torch.rand(1, 3, 1, 9), recipe(), toy))


def test_what_is_no_picture_is_refused(toy):
    for wrong in (torch.rand(3, 9, 9), torch.rand(1, 1, 9, 9), "sky.jpg"):
        with pytest.raises(ImageError, match="takes a picture as"):
            next(dream_steps(wrong, recipe(), toy))


def test_an_overflow_is_said_and_not_saved(toy, picture):
    def overflowing(network, objective, image, tile):
        return torch.ones(1), torch.full_like(image, float("inf"))

    with pytest.raises(ObjectiveError, match="smaller weights"):
        next(dream_steps(picture, recipe(), toy, gradient=overflowing))


def test_out_of_memory_goes_on_in_smaller_tiles_and_loses_nothing(toy):
    image = torch.rand(1, 3, 300, 260, generator=torch.Generator().manual_seed(1))

    def small_device(network, objective, image, tile):
        if max(tile or image.shape[-2:]) > 160:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return value_and_gradient(network, objective, image, tile)

    chosen = recipe(octaves=2, iterations=2)
    last = finish(image, chosen, toy, gradient=small_device)
    assert last.recipe.tile == "93x107"
    assert torch.allclose(last.picture(), finish(image, chosen, toy).picture(), atol=1e-3)
    again = finish(image, last.recipe, toy)
    assert torch.equal(again.picture(), last.picture())


def test_a_device_without_room_for_a_tile_is_said(toy, picture):
    def no_room(network, objective, image, tile):
        raise torch.OutOfMemoryError("CUDA out of memory")

    assert max(picture.shape) <= SMALLEST_TILE
    with pytest.raises(RecipeError, match="too little memory"):
        next(dream_steps(picture, recipe(), toy, gradient=no_room))


NATURAL = {
    "preset": "natural", "network": "efficientnet_lite0", "objective": "see(goldfish)",
    "count": None, "octaves": 3, "iterations": 6, "jitter": 4,
}  # fmt: skip


@pytest.mark.parametrize("look", [{}, NATURAL], ids=["classic", "natural"])
@pytest.mark.parametrize("finishing", [{}, {"keep_colours": True, "strength": 0.7}])
def test_outside_a_mask_pixels_stay_to_the_bit(toy, picture, look, finishing):
    mask = torch.zeros(1, 1, 40, 52)
    mask[..., 12:, 20:] = torch.linspace(0.1, 1, 32)
    dream = finish(picture, recipe(**look, **finishing), toy, mask=mask).picture()
    same = (dream == picture).all(1, keepdim=True)
    assert same[mask == 0].all()
    assert not same[mask == 1].any()


def test_a_thing_by_name_grows_with_the_natural_preset(toy, picture):
    steps = list(dream_steps(picture, recipe(**NATURAL), toy))
    coarsest = [step.score for step in steps if step.octave == 0]
    assert coarsest[-1] > coarsest[0]
    middle, edge = (
        (steps[-1].picture() - picture).abs()[..., rows, :].mean()
        for rows in (slice(15, 25), slice(0, 1))
    )
    assert middle > 5 * edge


def test_softening_leaves_less_grain(toy, picture):
    def grain(**settings):
        detail = finish(picture, recipe(octaves=1, **settings), toy).detail
        return (detail.diff(dim=-1).abs().mean() / detail.abs().mean()).item()

    assert grain(soften=0.5) < 0.8 * grain()


def test_steps_taper_from_octave_to_octave(toy, picture):
    first = [
        (step.image - step.base).abs().mean().item()
        for step in dream_steps(0.3 + 0.4 * picture, recipe(taper=0.1, iterations=1), toy)
    ]
    assert first[0] == pytest.approx(1.5 / 255, rel=0.1)
    *_, last = dream_steps(0.3 + 0.4 * picture, recipe(taper=10, iterations=1), toy)
    assert last.detail.abs().mean() > 10 * first[0]


def test_an_interrupted_dream_keeps_to_its_mask(toy, picture):
    mask = torch.zeros(1, 1, 40, 52)
    mask[..., 12:, 20:] = 1
    for step in dream_steps(picture, recipe(), toy, mask=mask):
        outside = (step.picture() == picture)[(mask == 0).expand_as(picture)]
        assert outside.all()
    with pytest.raises(ImageError, match="as large as the picture"):
        next(dream_steps(picture, recipe(), toy, mask=mask[..., 1:]))


def test_a_neuron_moves_with_the_view(toy):
    image = 0.5 + 0.01 * torch.rand(1, 3, 300, 400, generator=torch.Generator().manual_seed(1))
    seen = recipe(objective="conv2:3@30,150", rescale=0.6, jitter=0, octaves=1, iterations=5)
    change = (finish(image, seen, toy).picture() - image).abs().sum((0, 1))
    row, column = divmod(int(change.argmax()), 400)
    assert abs(row - 60) <= 6
    assert abs(column - 300) <= 6


def test_steps_never_overflow(toy, picture):
    loud = recipe(octaves=60, octave_scale=1.01, taper=10, iterations=1, margin=0.3)
    assert finish(picture, loud, toy).picture().isfinite().all()

"""The dream loop with the toy network."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.tiling import MIN_TILE_SIZE
from puppyslug.errors import ImageError, ObjectiveError, RecipeError
from puppyslug.gradient.executor import execute_locally
from puppyslug.images import generate_clouds
from puppyslug.images.colour import luminance
from puppyslug.networks.network import Network
from support.dream_runs import constant_gradient, last_step, limited_memory, toy_recipe
from support.toy_network import Toy, toy_spec

NATURAL = {
    "preset": "natural", "network": "efficientnet_lite0", "objective": "see(goldfish)",
    "count": None, "octaves": 3, "iterations": 6, "jitter": 4,
}  # fmt: skip


def test_the_seed_determines_the_result(toy, picture):
    first = last_step(picture, toy_recipe(seed=1), toy).picture()
    assert torch.equal(first, last_step(picture, toy_recipe(seed=1), toy).picture())
    assert not torch.equal(first, last_step(picture, toy_recipe(seed=2), toy).picture())


def test_each_frame_has_its_own_jitter_unless_another_frames_is_used(toy, picture):
    first = last_step(picture, toy_recipe(), toy).picture()
    assert not torch.equal(first, last_step(picture, toy_recipe(), toy, frame=1).picture())
    assert torch.equal(first, last_step(picture, toy_recipe(), toy, frame=1, seeded=0).picture())


def test_every_step_is_yielded_and_the_score_rises_in_every_octave(toy, picture):
    steps = list(dream_steps(picture, toy_recipe(), toy))
    assert [(s.octave, s.step) for s in steps] == [(o, i) for o in range(3) for i in range(4)]
    assert [s.number for s in steps] == list(range(1, 13))
    for octave in range(3):
        scores = [s.score for s in steps if s.octave == octave]
        assert scores == sorted(scores)
        assert scores[-1] > scores[0]
    fractions = [s.fraction for s in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


def test_negative_weights_lower_the_activation(toy, picture):
    steps = list(dream_steps(picture, toy_recipe(objective="-relu2", octaves=1), toy))
    assert steps[-1].score > steps[0].score
    positive = list(dream_steps(picture, toy_recipe(octaves=1), toy))
    assert -steps[-1].score < positive[-1].score


@settings(max_examples=15)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 9), st.floats(1.1, 3))
def test_images_of_any_size_are_accepted(height, width, octaves, scale):
    image = torch.rand(1, 3, height, width)
    recipe = toy_recipe(octaves=octaves, octave_scale=scale, iterations=1)
    last = last_step(image, recipe, Network(toy_spec(), Toy()))
    assert last.picture().shape == image.shape
    assert torch.isfinite(last.picture()).all()


def test_a_dream_can_continue_from_detail(toy, picture):
    first = last_step(picture, toy_recipe(), toy)
    cold = last_step(picture, toy_recipe(octaves=1, iterations=1), toy)
    warm = last_step(picture, toy_recipe(octaves=1, iterations=1), toy, detail=first.detail)
    assert warm.score > cold.score


def test_a_prepared_dream_equals_its_parts(toy, picture):
    mask = torch.ones(1, 1, 40, 52)
    mask[..., :20] = 0
    recipe = toy_recipe()
    prepared = PreparedDream(picture, recipe, toy, mask)
    whole = last_step(prepared).picture()
    assert torch.equal(whole, last_step(picture, recipe, toy, mask=mask).picture())
    other = toy_recipe(seed=4)
    assert torch.equal(
        last_step(prepared, other).picture(), last_step(picture, other, toy, mask=mask).picture()
    )


def test_an_image_needs_a_recipe_and_a_network(toy, picture):
    with pytest.raises(TypeError, match="PreparedDream"):
        next(dream_steps(picture, toy_recipe()))
    with pytest.raises(TypeError, match="PreparedDream"):
        next(dream_steps(picture, network=toy))


def test_the_executor_computes_every_tile(toy, picture):
    calls = []

    def record(network, function, arguments):
        arguments = list(arguments)
        calls.append(len(arguments))
        return execute_locally(network, function, arguments)

    recipe = toy_recipe(octaves=1, iterations=2, tile="32x32")
    prepared = PreparedDream(picture, recipe, toy, executor=record)
    result = last_step(prepared).picture()
    assert calls == [4, 4]
    assert torch.equal(result, last_step(picture, recipe, toy).picture())


def test_the_recipe_of_each_step_names_the_given_network(toy, picture):
    assert last_step(picture, toy_recipe(network="alexnet"), toy).recipe.network == "toy"


def test_a_steered_dream_can_be_reproduced_from_its_recipe(toy, picture):
    steps = dream_steps(picture, toy_recipe(), toy)
    for step in steps:
        if step.number == 5:
            changed = steps.send({"step_size": 6.0, "objective": "relu1:2"})
            assert changed.number == 5
        last = step
    assert not torch.equal(last.image, last_step(picture, toy_recipe(), toy).image)
    assert [change[1:4] for change in last.recipe.schedule] == [
        (1, 1, "step_size"),
        (1, 1, "objective"),
    ]
    assert torch.equal(last_step(picture, last.recipe, toy).image, last.image)


def test_an_interrupted_dream_can_be_reproduced(toy, picture):
    steps = dream_steps(picture, toy_recipe(), toy)
    for _ in range(6):
        stopped = next(steps)
    again = last_step(picture, toy_recipe(stop_after=6), toy)
    assert again.number == 6
    assert torch.equal(again.picture(), stopped.picture())


def test_a_larger_dream_has_the_same_composition(toy):
    small = last_step(generate_clouds((60, 80)), toy_recipe(size="80x60"), toy).picture()
    enlarged = toy_recipe(size="80x60").resized("160")
    large = last_step(generate_clouds((120, 160)), enlarged, toy)
    assert large.octaves == 6
    reduced = torch.nn.functional.avg_pool2d(large.picture(), 2)
    other = last_step(generate_clouds((60, 80), seed=8), toy_recipe(size="80x60"), toy).picture()
    assert (reduced - small).abs().mean() < 0.5 * (reduced - other).abs().mean()


def test_an_image_below_the_layers_minimum_is_rejected(toy):
    with pytest.raises(ImageError, match=r"9×1.*2×2"):
        next(dream_steps(torch.rand(1, 3, 1, 9), toy_recipe(), toy))


@pytest.mark.parametrize("image", [torch.rand(3, 9, 9), torch.rand(1, 1, 9, 9), "sky.jpg"])
def test_anything_but_an_image_tensor_is_rejected(toy, image):
    with pytest.raises(ImageError, match="1×3×H×W"):
        next(dream_steps(image, toy_recipe(), toy))


def test_a_mask_of_another_size_is_rejected(toy, picture):
    with pytest.raises(ImageError, match="1×1×40×52"):
        next(dream_steps(picture, toy_recipe(), toy, mask=torch.ones(1, 1, 40, 51)))


def test_an_overflow_is_an_error(toy, picture):
    prepared = PreparedDream(picture, toy_recipe(), toy, executor=constant_gradient(float("inf")))
    with pytest.raises(ObjectiveError, match=r"relu2.*smaller weights"):
        next(dream_steps(prepared))


def test_a_dream_that_runs_out_of_memory_continues_in_smaller_tiles(toy):
    image = torch.rand(1, 3, 300, 260, generator=torch.Generator().manual_seed(1))
    prepared = PreparedDream(image, toy_recipe(octaves=2, iterations=2), toy)
    last = last_step(replace(prepared, executor=limited_memory(160)))
    assert last.recipe.tile == "93x107"
    assert torch.allclose(last.picture(), last_step(prepared).picture(), atol=1e-3)
    again = last_step(prepared, last.recipe)
    assert torch.equal(again.picture(), last.picture())


def test_a_device_without_memory_for_a_tile_is_an_error(toy, picture):
    assert max(picture.shape) <= MIN_TILE_SIZE
    prepared = PreparedDream(picture, toy_recipe(), toy, executor=limited_memory(0))
    with pytest.raises(RecipeError, match='device="cpu"'):
        next(dream_steps(prepared))


@pytest.mark.parametrize("look", [{}, NATURAL], ids=["classic", "natural"])
@pytest.mark.parametrize("blending", [{}, {"keep_colours": True, "strength": 0.7}])
def test_pixels_outside_a_mask_keep_their_exact_value(toy, picture, look, blending):
    mask = torch.zeros(1, 1, 40, 52)
    mask[..., 12:, 20:] = torch.linspace(0.1, 1, 32)
    dream = last_step(picture, toy_recipe(**look, **blending), toy, mask=mask).picture()
    same = (dream == picture).all(1, keepdim=True)
    assert same[mask == 0].all()
    assert not same[mask == 1].any()


def test_pixels_outside_a_mask_keep_their_value_at_every_step(toy, picture):
    mask = torch.zeros(1, 1, 40, 52)
    mask[..., 12:, 20:] = 1
    for step in dream_steps(picture, toy_recipe(), toy, mask=mask):
        outside = (step.picture() == picture)[(mask == 0).expand_as(picture)]
        assert outside.all()


def test_the_natural_preset_dreams_of_a_class_away_from_the_edges(toy, picture):
    steps = list(dream_steps(picture, toy_recipe(**NATURAL), toy))
    coarsest = [step.score for step in steps if step.octave == 0]
    assert coarsest[-1] > coarsest[0]
    middle, edge = (
        (steps[-1].picture() - picture).abs()[..., rows, :].mean()
        for rows in (slice(15, 25), slice(0, 1))
    )
    assert middle > 5 * edge


def test_soften_reduces_grain(toy, picture):
    def grain(**settings):
        detail = last_step(picture, toy_recipe(octaves=1, **settings), toy).detail
        return (detail.diff(dim=-1).abs().mean() / detail.abs().mean()).item()

    assert grain(soften=0.5) < 0.8 * grain()


def test_taper_changes_the_step_size_from_octave_to_octave(toy, picture):
    first = [
        (step.image - step.base).abs().mean().item()
        for step in dream_steps(0.3 + 0.4 * picture, toy_recipe(taper=0.1, iterations=1), toy)
    ]
    assert first[0] == pytest.approx(1.5 / 255, rel=0.1)
    last = last_step(0.3 + 0.4 * picture, toy_recipe(taper=10, iterations=1), toy)
    assert last.detail.abs().mean() > 10 * first[0]


def test_a_neuron_keeps_its_position_in_rescaled_views(toy):
    image = 0.5 + 0.01 * torch.rand(1, 3, 300, 400, generator=torch.Generator().manual_seed(1))
    recipe = toy_recipe(objective="conv2:3@30,150", rescale=0.6, jitter=0, octaves=1, iterations=5)
    change = (last_step(image, recipe, toy).picture() - image).abs().sum((0, 1))
    row, column = divmod(int(change.argmax()), 400)
    assert abs(row - 60) <= 6
    assert abs(column - 300) <= 6


def test_many_octaves_with_a_large_taper_stay_finite(toy, picture):
    recipe = toy_recipe(octaves=60, octave_scale=1.01, taper=10, iterations=1, margin=0.3)
    assert last_step(picture, recipe, toy).picture().isfinite().all()


def test_the_natural_palette_stays_near_the_photos_colours(toy, picture):
    def colourfulness(image):
        return float((image - luminance(image)).abs().mean())

    photo = 0.4 + 0.1 * picture
    recipe = {"step_size": 8.0, "palette": "natural"}
    natural = last_step(photo, toy_recipe(**recipe), toy).image
    vivid = last_step(photo, toy_recipe(**recipe | {"palette": "vivid"}), toy).image
    earlier = last_step(photo, toy_recipe(recipe_version=1, **recipe), toy).image
    assert colourfulness(natural) <= 1.1 * colourfulness(photo) + 1e-4
    assert colourfulness(vivid) > 1.5 * colourfulness(photo)
    assert colourfulness(earlier) > 1.5 * colourfulness(photo)
    assert not torch.equal(luminance(natural), luminance(photo))

"""A dream that goes on from a snapshot equals one that was never interrupted, bit for bit."""

from dataclasses import replace

import pytest
import torch

from puppyslug.engine.arguments import collect_inputs
from puppyslug.engine.checkpoint import DreamCheckpoint
from puppyslug.engine.loop import dream_steps
from puppyslug.engine.snapshot import ResumableDream
from puppyslug.recipe import Recipe
from support.dream_runs import limited_memory, toy_recipe

DRAWING = {
    "method": "spectrum", "objective": "see(goldfish)", "drawing_steps": 22, "iterations": 2,
    "octave_scale": 1.4, "jitter": 2, "precision": "float32",
}  # fmt: skip
DREAMS = {
    "octaves": {},
    "views": {"rescale": 0.3, "margin": 0.2, "jitter": 7},
    "a varied seed": {"seed": 5, "variety": 1.0},
    "balanced terms": {"objective": "relu2 + 0.5*relu1", "balance": "gradient"},
    "a focus": {"objective": "see(goldfish)", "focus": 2.0, "iterations": 7, "octaves": 2},
    "colours": {"palette": "natural", "colour_limit": 1.2, "soften": 0.2, "smooth": "1"},
    "a schedule": {"schedule": [(0, 1, 2, "step_size", 4.0), (0, 2, 1, "objective", "relu1")]},
}


def prepare(toy, image, settings, **arguments):
    recipe = (
        Recipe.complete({**DRAWING, **settings}, toy.spec)
        if settings.get("method") == "spectrum"
        else toy_recipe(**settings)
    )
    return collect_inputs(image, recipe, toy, arguments.get("mask"), None)


def interrupt(prepared, number, path):
    """Return the state after a number of steps, as another process would load it."""
    dream = ResumableDream(prepared)
    steps = dream.steps()
    for _ in range(number):
        step = next(steps)
    stored = DreamCheckpoint(path, {})
    stored.start(toy_recipe())  # the toy network is not registered
    stored._store(dream.snapshot())
    loaded = DreamCheckpoint(path, {})
    assert loaded.load() == toy_recipe()
    assert loaded.snapshot.fraction == step.fraction
    return loaded.snapshot


def assert_resumes(prepared, numbers, path):
    whole = list(dream_steps(prepared))
    for number in numbers:
        snapshot = interrupt(prepared, number, path)
        rest = list(ResumableDream(prepared, snapshot).steps())
        assert [step.number for step in rest] == [step.number for step in whole[number:]]
        for step, expected in zip(rest, whole[number:], strict=True):
            assert torch.equal(step.image, expected.image)
            assert step.scores.tolist() == expected.scores.tolist()
            assert (step.recipe, step.fraction) == (expected.recipe, expected.fraction)
        assert torch.equal(rest[-1].picture(), whole[-1].picture())


@pytest.mark.parametrize("settings", DREAMS.values(), ids=DREAMS)
def test_a_dream_resumes_after_any_step(toy, picture, settings, tmp_path):
    prepared = prepare(toy, picture, settings)
    steps = prepared.recipe.octaves * prepared.recipe.iterations
    assert_resumes(prepared, range(1, steps), tmp_path / "a.png")


def test_a_dream_with_a_mask_resumes(toy, picture, tmp_path):
    mask = torch.zeros(1, 1, 40, 52)
    mask[..., 20:] = 0.7
    assert_resumes(prepare(toy, picture, {}, mask=mask), (3, 5, 8), tmp_path / "a.png")


def test_a_dream_in_smaller_tiles_resumes_in_them(toy, tmp_path):
    image = torch.rand(1, 3, 200, 300, generator=torch.Generator().manual_seed(0))
    prepared = prepare(toy, image, {"octaves": 2, "iterations": 2, "tile": "whole"})
    prepared = replace(prepared, executor=limited_memory(200))
    snapshot = interrupt(prepared, 3, tmp_path / "a.png")
    assert snapshot.values["recipe"]["tile"] != "whole"
    (last,) = ResumableDream(prepared, snapshot).steps()
    (*_, expected) = dream_steps(prepared)
    assert torch.equal(last.image, expected.image)
    assert last.recipe == expected.recipe


@pytest.mark.parametrize("settings", [{}, {"count": 2, "extent": 0.4, "seed": 3}])
def test_a_drawing_resumes_after_any_step(toy, settings, tmp_path):
    """Also while its mask is fitted, after the drawing, and in the octaves that refine it."""
    image = torch.rand(1, 3, 90, 600, generator=torch.Generator().manual_seed(1))
    prepared = prepare(toy, image, {"method": "spectrum", **settings})
    assert_resumes(prepared, (1, 7, 10, 11, 21, 22, 23), tmp_path / "a.png")


def test_the_layout_of_images_is_kept(toy, picture, tmp_path):
    """Sums depend on the order of the values in memory, and so would a dream."""
    snapshot = interrupt(prepare(toy, picture, {}), 2, tmp_path / "a.png")
    nhwc = snapshot.tensors["image"].to(memory_format=torch.channels_last)
    stored = DreamCheckpoint(tmp_path / "b.png", {})
    stored.start(toy_recipe())
    stored._store(snapshot._replace(tensors={"image": nhwc}))
    loaded = DreamCheckpoint(tmp_path / "b.png", {})
    loaded.load()
    image = loaded.snapshot.tensors["image"]
    assert torch.equal(image, nhwc)
    assert image.stride() == nhwc.stride()

"""Rendering of batches of portraits."""

import torch

from puppyslug.visualization.atlas.renderer import render_batch, sequential_renderer
from support.atlases import toy_plan


def test_a_batch_yields_its_images_after_the_last_step(toy):
    plan = toy_plan()
    progress = list(render_batch(toy, plan, [1, 4]))
    assert [one.fraction for one in progress] == [1 / 3, 2 / 3, 1.0]
    assert [one.images is None for one in progress] == [True, True, False]
    assert progress[-1].images.shape == (2, 3, plan.size, plan.size)


def test_the_sequential_renderer_renders_batch_after_batch(toy):
    plan = toy_plan()
    batches = [range(0, 2), range(2, 4)]
    progress = list(sequential_renderer(toy, plan)(batches))
    assert [batch for batch, _ in progress] == [batches[0]] * 3 + [batches[1]] * 3
    *_, alone = render_batch(toy, plan, batches[1])
    assert torch.equal(progress[-1][1].images, alone.images)

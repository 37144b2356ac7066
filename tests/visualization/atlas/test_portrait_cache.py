"""The cache of an unfinished atlas: resuming, locking, and portraits that are missing."""

import pytest
import torch

from puppyslug.errors import OutputError
from puppyslug.visualization.atlas.portrait_cache import PortraitCache
from puppyslug.visualization.atlas.renderer import BatchProgress
from support.atlases import toy_plan
from support.locks import locked_by_other_process


def render_one(batches):
    """Render the first of the batches, in two steps."""
    images = torch.rand(len(batches[0]), 3, 32, 32)
    yield batches[0], BatchProgress(0.5, None)
    yield batches[0], BatchProgress(1.0, images)


def test_rendered_batches_are_kept(tmp_path):
    cache = PortraitCache(tmp_path, toy_plan())
    assert [list(batch) for batch in cache.missing_batches()] == [[0, 1], [2, 3], [4, 5]]
    assert [finished for finished, _ in cache.render_missing(render_one)] == [1.0, 2.0]
    cache.close()
    resumed = PortraitCache(tmp_path, toy_plan())
    assert [list(batch) for batch in resumed.missing_batches()] == [[2, 3], [4, 5]]
    assert [finished for finished, _ in resumed.render_missing(render_one)] == [3.0, 4.0]
    assert resumed.load(0).size == (32, 32)
    resumed.close()


def test_portraits_of_another_plan_are_not_reused(tmp_path):
    PortraitCache(tmp_path, toy_plan()).close()
    with pytest.raises(OutputError, match=r"steps, seed.*overwrite=True"):
        PortraitCache(tmp_path, toy_plan(steps=4, seed=1))


def test_a_restart_deletes_the_portraits(tmp_path):
    cache = PortraitCache(tmp_path, toy_plan())
    list(cache.render_missing(render_one))
    cache.close()
    restarted = PortraitCache(tmp_path, toy_plan(steps=4), restart=True)
    assert len(restarted.missing_batches()) == 3
    restarted.close()


def test_only_one_process_can_open_a_cache(tmp_path):
    with (
        locked_by_other_process(tmp_path / "lock"),
        pytest.raises(OutputError, match="another"),
    ):
        PortraitCache(tmp_path, toy_plan())


def test_missing_and_damaged_portraits_are_named(tmp_path):
    cache = PortraitCache(tmp_path, toy_plan())
    with pytest.raises(OutputError, match=r"00005\.png"):
        cache.load(5)
    (tmp_path / "portraits" / "00003.png").write_bytes(b"\x89PNG")
    with pytest.raises(OutputError, match=r"00003\.png"):
        cache.load(3)
    cache.close()


def test_a_damaged_plan_is_named(tmp_path):
    PortraitCache(tmp_path, toy_plan()).close()
    (tmp_path / "portraits" / "job.json").write_text("[")
    with pytest.raises(OutputError, match=r"job\.json.*overwrite=True"):
        PortraitCache(tmp_path, toy_plan())

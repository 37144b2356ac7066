import pytest

from puppyslug.engine import notices, preparation
from puppyslug.errors import RecipeError
from puppyslug.networks import runtime
from puppyslug.networks.runtime import (
    free_memory,
    resolve_device,
    resolve_precision,
    resolve_winograd,
)
from puppyslug.recipe import Recipe


@pytest.fixture(params=[True, False], ids=["fast bfloat16", "slow bfloat16"])
def fast_bfloat16(request, monkeypatch):
    monkeypatch.setattr(runtime, "has_fast_bfloat16", lambda device: request.param)
    monkeypatch.setattr(runtime, "measure_winograd_min_channels", lambda: 64)
    return request.param


def test_auto_is_bfloat16_where_that_is_fast(fast_bfloat16):
    assert resolve_precision("auto", "cpu") == ("bfloat16" if fast_bfloat16 else "float32")
    assert resolve_precision("auto", "cpu", exact=True) == "float32"
    assert resolve_precision("float32", "cpu") == "float32"
    assert resolve_precision("bfloat16", "cpu") == "bfloat16"


def test_winograd_is_resolved_for_fast_bfloat16_only(fast_bfloat16):
    assert resolve_winograd("auto", "bfloat16", "cpu") == (64 if fast_bfloat16 else 0)
    assert resolve_winograd("steady", "bfloat16", "cpu") == (256 if fast_bfloat16 else 0)
    for choice in ("auto", "steady"):
        assert resolve_winograd(choice, "float32", "cpu") == 0
        assert resolve_winograd(choice, "bfloat16", "cuda") == 0
    assert resolve_winograd(128, "float32", "cpu") == 128


def test_devices_are_resolved_or_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert resolve_device("auto") == resolve_device("cpu") == "cpu"
    for device in ("cuda", "mps"):
        with pytest.raises(RecipeError, match=f"{device}.*cpu"):
            resolve_device(device)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert resolve_device("auto") == resolve_device("cuda") == "cuda"


def test_unknown_devices_and_precisions_are_named():
    with pytest.raises(RecipeError, match=r"'cudda'.*cuda"):
        resolve_device("cudda")
    with pytest.raises(RecipeError, match=r"'float16'.*float32"):
        resolve_precision("float16", "cpu")


def test_free_memory_is_positive():
    assert free_memory("cpu") > 0


def test_bfloat16_where_it_is_slow_gives_a_notice(monkeypatch):
    monkeypatch.setattr(notices, "has_fast_bfloat16", lambda device: False)
    recipe = Recipe.complete({"precision": "bfloat16", "size": "64x48", "objective": "relu1_1"})
    prepared = preparation.prepare(recipe, "clouds")
    assert prepared.network.precision == "bfloat16"
    assert any("float32" in notice for notice in prepared.notices)

import pytest

from puppyslug.engine import notices, preparation
from puppyslug.errors import RecipeError
from puppyslug.networks import runtime
from puppyslug.networks.kernels import DIRECT, ConvolutionMethod
from puppyslug.networks.runtime import (
    free_memory,
    resolve_convolution,
    resolve_device,
    resolve_precision,
)
from puppyslug.recipe import Recipe


@pytest.fixture(params=[True, False], ids=["fast bfloat16", "slow bfloat16"])
def fast_bfloat16(request, monkeypatch):
    monkeypatch.setattr(runtime, "has_fast_bfloat16", lambda device: request.param)
    monkeypatch.setattr(
        runtime, "choose_convolution", lambda _, kernels: ConvolutionMethod(64, kernels)
    )
    return request.param


def test_auto_is_bfloat16_where_that_is_fast(fast_bfloat16):
    assert resolve_precision("auto", "cpu") == ("bfloat16" if fast_bfloat16 else "float32")
    assert resolve_precision("auto", "cpu", exact=True) == "float32"
    assert resolve_precision("float32", "cpu") == "float32"
    assert resolve_precision("bfloat16", "cpu") == "bfloat16"


@pytest.fixture(params=[True, False], ids=["native kernels", "no native kernels"])
def kernels(request, monkeypatch):
    monkeypatch.setattr(runtime, "load_library", lambda: object() if request.param else None)
    return "native" if request.param else "torch"


def test_the_fastest_convolution_is_chosen_for_fast_precisions(fast_bfloat16, kernels):
    fast = ConvolutionMethod(64, kernels)
    assert resolve_convolution("auto", "auto", precision="float32", device="cpu") == fast
    assert resolve_convolution("auto", "auto", precision="bfloat16", device="cpu") == (
        fast if fast_bfloat16 else DIRECT
    )
    assert (
        resolve_convolution("auto", "torch", precision="float32", device="cpu").kernels == "torch"
    )


def test_the_steady_convolution_is_not_measured(fast_bfloat16, kernels, monkeypatch):
    monkeypatch.setattr(runtime, "choose_convolution", None)
    steady = resolve_convolution("steady", "auto", precision="float32", device="cpu")
    assert steady == ConvolutionMethod({"native": 64, "torch": 256}[kernels], kernels)


@pytest.mark.parametrize("winograd", ["auto", "steady", 64])
def test_a_gpu_uses_the_convolutions_of_torch(winograd):
    for device in ("cuda", "mps"):
        method = resolve_convolution(winograd, "auto", precision="float32", device=device)
        assert method == DIRECT


def test_a_number_without_kernels_means_torch_as_in_old_recipes(kernels):
    for requested, expected in (("auto", "torch"), ("torch", "torch"), ("native", kernels)):
        method = resolve_convolution(128, requested, precision="float32", device="cpu")
        assert method == ConvolutionMethod(128, expected)


def test_unknown_kernels_are_refused():
    with pytest.raises(RecipeError, match="cython"):
        resolve_convolution("auto", "cython", precision="float32", device="cpu")


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

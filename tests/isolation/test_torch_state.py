"""Whatever torch state the caller has set, the results are the same; each in a fresh process."""

import subprocess
import sys

import pytest
import torch

from puppyslug.isolation.torch_state import isolated, standard_torch

STATES = {
    "nothing": "contextlib.nullcontext()",
    "the default dtype": "torch.set_default_dtype(torch.float64)",
    "half precision as default": "torch.set_default_dtype(torch.float16)",
    "inference mode": "torch.inference_mode()",
    "no gradients": "torch.no_grad()",
    "the default device": "torch.set_default_device('meta')",
    "a block with a device": "torch.device('meta')",
    "deterministic algorithms": "torch.use_deterministic_algorithms(True)",
    "autocast": "torch.autocast('cpu', dtype=torch.bfloat16)",
}

SCRIPT = """
import contextlib, hashlib, sys
import numpy as np
import torch
from PIL import Image
from torch import nn

generator = torch.Generator().manual_seed(0)
module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.AdaptiveAvgPool2d(1),
                       nn.Flatten(), nn.Linear(5, 2))
with torch.no_grad():
    for one in module.parameters():
        one.copy_(torch.randn(one.shape, generator=generator) * 0.5)
pixels = np.random.default_rng(0).integers(0, 256, (40, 52, 3), dtype=np.uint8)
Image.fromarray(pixels).save("photo.png")

with {state} or contextlib.nullcontext():
    import puppyslug

    network = puppyslug.Network.from_module(module, labels=["cat", "dog"], trained_at=32)
    photo = puppyslug.load_image("photo.png")
    recipe = puppyslug.Recipe.complete({{"octaves": 2, "iterations": 2, "objective": "2"}})
    results = [step.image for step in puppyslug.dream_steps(photo, recipe, network)]
    results += [step.image for step in puppyslug.dream_steps(photo.image, recipe, network)]
    fast = dict(octaves=1, iterations=2)
    results += [puppyslug.dream("photo.png", network=network, see="dog", **fast)]
    results += [puppyslug.dream("photo.png", network=network, layer="2", mask="see(cat)", **fast)]
    results += [puppyslug.portrait(["1:2", "see(cat)"], network, size=32, steps=3).images]
    results += [*puppyslug.portrait_steps(["2:3"], network, size=32, steps=3, transparent=True)]
    results += [puppyslug.class_map(network, photo.image)]
    results += [one.activation for one in puppyslug.strongest(network, "2", photo.image, 3)]
    guesses = puppyslug.classify(photo.image, network=network).guesses
digest = hashlib.sha256(repr(guesses).encode())
for one in results:
    one = getattr(one, "images", one)
    one = one if isinstance(one, Image.Image) else one.detach().cpu().numpy()
    digest.update(one.tobytes())
print(digest.hexdigest())
"""


def run(folder, state):
    script = SCRIPT.format(state=STATES[state])
    command = [sys.executable, "-W", "error::UserWarning", "-c", script]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return run(tmp_path_factory.mktemp("expected"), "nothing")


@pytest.mark.parametrize("state", [name for name in STATES if name != "nothing"])
def test_the_results_are_those_of_torchs_standard_state(tmp_path, expected, state):
    assert run(tmp_path, state) == expected


def test_the_callers_state_is_restored_even_between_the_steps_of_a_generator():
    @isolated
    def count():
        try:
            for number in range(3):
                assert torch.is_grad_enabled()
                assert torch.get_default_dtype() == torch.float32
                yield number
        finally:
            assert torch.is_grad_enabled()

    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            for _ in count():
                assert not torch.is_grad_enabled()
                assert torch.get_default_dtype() == torch.float64
            steps = count()
            next(steps)
            steps.close()
            with pytest.raises(ZeroDivisionError), standard_torch():
                _ = 1 / 0
            assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


FORK = """
import multiprocessing, sys
import torch
import puppyslug
from torch import nn

torch.set_num_threads(2)
network = puppyslug.Network.from_module(nn.Sequential(nn.Conv2d(3, 4, 3)), trained_at=32)

def run(threads=None):
    settings = {"size": 320, "octaves": 1, "iterations": 1, "threads": threads}
    try:
        image = puppyslug.dream("clouds", network=network, **settings)
        return image.size
    except puppyslug.PuppyslugError as error:
        return str(error)

if __name__ == "__main__":
    assert run() == (320, 180)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(pool.apply_async(run).get(100))
        print(pool.apply_async(run, (2,)).get(100))
"""


def test_a_fork_works_in_one_thread_and_refuses_more(tmp_path):
    (tmp_path / "fork.py").write_text(FORK)
    command = [sys.executable, "fork.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    done, refused = result.stdout.splitlines()
    assert "spawn" in refused
    assert done == "(320, 180)"

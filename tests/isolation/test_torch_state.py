"""Whatever torch state the caller has set, the results are the same; each in its own process."""

import os
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

PREPARE = """
import contextlib, hashlib, os, sys
import numpy as np
import torch
from PIL import Image
from torch import nn
import cv2, pydantic, scipy.ndimage, scipy.optimize  # imported once, not in every fork

nn.Conv2d(3, 4, 3, device="meta")(torch.empty(1, 3, 8, 8, device="meta"))  # imports more of torch
generator = torch.Generator().manual_seed(0)
module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.AdaptiveAvgPool2d(1),
                       nn.Flatten(), nn.Linear(5, 2))
with torch.no_grad():
    for one in module.parameters():
        one.copy_(torch.randn(one.shape, generator=generator) * 0.5)
pixels = np.random.default_rng(0).integers(0, 256, (40, 52, 3), dtype=np.uint8)
Image.fromarray(pixels).save("photo.png")
for name, state in STATES.items():
    if not (child := os.fork()):
        break
    assert os.waitpid(child, 0)[1] == 0, name
else:
    sys.exit()
"""

RESULTS = """
with eval(state) or contextlib.nullcontext():
    import puppyslug

    network = puppyslug.Network.from_module(module, labels=["cat", "dog"], trained_at=32)
    photo = puppyslug.load_image("photo.png")
    recipe = puppyslug.Recipe.complete({"octaves": 2, "iterations": 2, "objective": "2"})
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
print(name, digest.hexdigest(), sep=": ")
"""


@pytest.fixture(scope="module")
def digests(tmp_path_factory):
    """The digest of the results for each state."""
    script = f"STATES = {STATES}{PREPARE}{RESULTS}"
    command = [sys.executable, "-W", "error::UserWarning", "-c", script]
    folder = tmp_path_factory.mktemp("states")
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    return dict(line.split(": ") for line in result.stdout.splitlines())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("state", [name for name in STATES if name != "nothing"])
def test_the_results_are_those_of_torchs_standard_state(digests, state):
    assert digests[state] == digests["nothing"]


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

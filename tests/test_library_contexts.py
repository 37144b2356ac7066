"""Calls of the library under conditions that callers choose: inference mode, threads, processes."""

import asyncio
import os
import subprocess
import sys

import pytest
import torch
from PIL import Image

import puppyslug
from puppyslug.engine.loop import dream_steps
from puppyslug.images import image_from_pil
from puppyslug.networks.loader import _load
from puppyslug.networks.network import Network
from puppyslug.objectives import parse_objective
from puppyslug.recognition.class_maps import class_map
from puppyslug.visualization.portraits import portrait_steps
from support.dream_runs import last_step, toy_recipe
from support.images import gradient_image
from support.toy_network import Toy, toy_spec

SMALL = {"network": "efficientnet_lite0", "octaves": 2, "iterations": 1, "precision": "float32"}
FORK = """
import multiprocessing, sys
from PIL import Image
import puppyslug
small = {settings!r}
photo = Image.linear_gradient("L").resize((64, 48)).convert("RGB")

def work(queue):
    queue.put(puppyslug.dream(photo, **small).tobytes())

if __name__ == "__main__":
    puppyslug.dream(photo, **small)  # starts the threads, which the child does not have
    context = multiprocessing.get_context({method!r})
    queue = context.Queue()
    process = context.Process(target=work, args=(queue,), daemon=True)
    process.start()
    first = queue.get(timeout=120)
    small["threads"] = 1
    print(first == puppyslug.dream(photo, **small).tobytes())
"""


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_steps_are_the_same_under_every_mode(toy, picture, context):
    expected = last_step(picture, toy_recipe(), toy).picture()
    with context():
        network = Network(toy_spec(), Toy())  # its weights are made in this mode
        mask = torch.ones(1, 1, *picture.shape[-2:])
        steps = dream_steps(picture.clone(), toy_recipe(), network, mask=mask)
        for _ in steps:
            assert torch.is_inference_mode_enabled() == (context is torch.inference_mode)
        (*_, last) = dream_steps(picture.clone(), toy_recipe(), network)
        assert torch.equal(last.picture(), expected)
    assert torch.equal(last_step(picture, toy_recipe(), network).picture(), expected)


def test_nothing_of_inference_mode_remains_in_the_process(monkeypatch):
    _load.cache_clear()
    photo = gradient_image(48, 40)
    with torch.inference_mode():
        puppyslug.classify(photo, network="efficientnet_lite0")
        network = puppyslug.load_network("efficientnet_lite0", precision="float32")
        assert not image_from_pil(photo).image.is_inference()
        assert not any(weight.is_inference() for weight in network.architecture.parameters())
        under = puppyslug.dream(photo, **SMALL)
    assert under.tobytes() == puppyslug.dream(photo, **SMALL).tobytes()


def test_maps_and_portraits_work_under_inference_mode(toy):
    objective = parse_objective("relu2:1")
    with torch.inference_mode():
        image = torch.rand(1, 3, 40, 40)
        assert class_map(toy, image).shape[1] == 8
        (*_, last) = portrait_steps([objective], toy, size=40, steps=2)
        under = last.images
    (*_, last) = portrait_steps([objective], toy, size=40, steps=2)
    assert torch.equal(under, last.images)


def test_threads_and_event_loops_give_the_same_dream():
    photo = gradient_image(48, 40)
    expected = puppyslug.dream(photo, **SMALL).tobytes()

    async def dream_in_loop() -> list[Image.Image]:
        dreams = [asyncio.to_thread(puppyslug.dream, photo, **SMALL) for _ in range(3)]
        return [puppyslug.dream(photo, **SMALL), *await asyncio.gather(*dreams)]

    assert {dream.tobytes() for dream in asyncio.run(dream_in_loop())} == {expected}


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_dream(tmp_path, method):
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    settings = SMALL if method == "fork" else {**SMALL, "threads": 1}
    (tmp_path / "workers.py").write_text(FORK.format(settings=settings, method=method))
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONWARNINGS": "ignore"}
    result = subprocess.run(
        [sys.executable, "workers.py"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    assert result.stdout.strip() == "True"

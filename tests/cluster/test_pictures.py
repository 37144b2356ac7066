"""Many pictures on a fake backend."""

import numpy as np
import pytest
import torch

from puppyslug.cluster.payload import PreparedPayload
from puppyslug.cluster.pictures import dream_picture
from puppyslug.cluster.worker_pool import WorkerPool
from puppyslug.engine.loop import dream_steps
from support.clusters import FakeBackend, FakePayload, LoseWorkers, this_process
from support.toy_dreams import prepare_toy


@pytest.mark.parametrize("lost", [(), (3, 4)])
def test_pictures_equal_those_of_one_machine(toy, picture, lost):
    images = {"a": picture, "b": 1 - picture, "c": picture.flip(-1)}
    alpha = torch.full((1, 1, 40, 52), 0.5)
    dreams = {key: prepare_toy(toy, image) for key, image in images.items()}

    def make_job(key):
        return dream_picture, PreparedPayload.pack(dreams[key]), alpha if key == "a" else None

    fractions, pictures = {key: [] for key in images}, {}
    backend = FakeBackend(2, LoseWorkers(*lost))
    with WorkerPool(backend, this_process(), FakePayload(toy)) as pool:
        for key, update in pool.stream(images, make_job):
            fractions[key].append(update.fraction)
            if update.picture is not None:
                pictures[key] = update.picture
    for key, prepared in dreams.items():
        assert fractions[key][-1] == 1
        *_, last = dream_steps(prepared)
        expected = last.to_pil(alpha if key == "a" else None)
        assert np.array_equal(np.asarray(pictures[key]), np.asarray(expected))
    assert pictures["a"].mode == "RGBA"

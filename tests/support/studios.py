"""A studio server in a process of its own, a client for it, and pictures to upload."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from puppyslug.studio import services as services_module
from puppyslug.studio.jobs.uploads import Upload, inspect_picture
from puppyslug.studio.workers import sandbox_process

QUICK = {"layer": "relu1_1", "octaves": 1, "iterations": 2, "size": "64x48", "photo": "clouds"}
# Takes some seconds on any machine, in many steps, so that a test can act while it runs.
LONG = {"layer": "relu1_1", "octaves": 2, "iterations": 20_000, "size": "96x64", "photo": "clouds"}


@contextmanager
def shared_by_studios(kind, factory):
    """A sandbox or a recogniser that survives the studios that use it, so that it starts once.

    ``factory`` is the name of the function with which a studio creates its own.
    """
    shared = kind()
    close, shared.close = shared.close, lambda: None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services_module, factory, lambda: shared)
        yield shared
    close()


class Studio:
    """A running studio, and a client for it."""

    def __init__(self, data, *options, program="puppyslug", **environment):
        self.data = data
        command = [sys.executable, "-m", program, "studio", "--port", "0", "--no-browser"]
        self.process = subprocess.Popen(
            [*command, "--data", str(data), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": str(Path(__file__).parents[1]),  # for other programs
                **environment,
            },
        )
        self.address = self.process.stdout.readline().strip()
        assert self.address, self.process.stderr.read()
        self.client = httpx.Client(base_url=self.address.partition("?")[0], timeout=60)

    def submit(self, recipe, **files):
        """Submit a dream; return the response."""
        form = {"recipe": recipe if isinstance(recipe, str) else json.dumps(recipe)}
        return self.client.post("/api/dreams", data=form, files=files or None)

    def dream(self, recipe, **files):
        """Submit a dream that must be accepted; return its id."""
        response = self.submit(recipe, **files)
        assert response.status_code == 201, response.text
        return response.json()["id"]

    def get(self, job_id):
        return self.client.get(f"/api/dreams/{job_id}").json()

    def command(self, job_id, command, **body):
        """Send a command to a dream; return the response."""
        return self.client.post(f"/api/dreams/{job_id}/{command}", json=body)

    def wait(self, job_id, *statuses, seconds=90):
        """Wait until a dream has one of these statuses, by default until it has ended."""
        statuses = statuses or ("done", "failed", "cancelled", "interrupted")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            dream = self.get(job_id)
            if dream["status"] in statuses:
                return dream
            time.sleep(0.02)
        raise AssertionError(f"{dream['status']} instead of {statuses}: {dream}")

    def wait_for_step(self, job_id):
        """Wait until a dream has completed a step."""
        for dream in self.events(job_id):
            assert dream["status"] in {"queued", "running"}, dream
            if dream["progress"] and dream["progress"]["stage"] == "dreaming":
                return dream
        raise AssertionError("the dream did not start")

    def events(self, job_id):
        """Yield the dream from its event stream."""
        with self.client.stream("GET", f"/api/dreams/{job_id}/events") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            for line in response.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    def image(self, job_id):
        return Image.open(io.BytesIO(self.client.get(f"/api/dreams/{job_id}/image").content))

    def workers(self):
        """Return the worker processes; the sandbox differs by its priority."""
        return [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if "spawn_main" in " ".join(child.cmdline())
            and child.nice() != sandbox_process.NICENESS
        ]

    def files(self):
        """Return the names of the job folders on disk."""
        return sorted(entry.name for entry in (self.data / "dreams").iterdir())

    def close(self, signal_number=signal.SIGINT):
        """Stop the server; return what it wrote to standard error."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        _, errors = self.process.communicate(timeout=30)
        return errors


@contextmanager
def running_studio(data, *options, **program):
    """Run a studio; it must not print a traceback."""
    studio = Studio(data, *options, **program)
    try:
        yield studio
    finally:
        errors = studio.close()
        assert "Traceback" not in errors, errors


def random_picture(size=(64, 48), kind="PNG", seed=0):
    """Return a file with random pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind)
    return data.getvalue()


def upload_of(data, name="a.png"):
    """Return an uploaded picture, decoded in this process instead of in the sandbox."""
    info = inspect_picture(name, data, max_pixels=1_000_000)
    return Upload(name, data, **vars(info))


def shape_picture(kind, seed):
    """Return a file with random stripes or discs, different for each seed."""
    random = np.random.default_rng((seed, kind == "discs"))
    across, down = np.meshgrid(np.arange(96), np.arange(80))
    if kind == "stripes":
        angle, width = random.uniform(0, np.pi), random.uniform(4, 9)
        shape = np.sin((across * np.cos(angle) + down * np.sin(angle)) / width * 3) > 0
    else:
        shape = np.zeros(across.shape, bool)
        for _ in range(6):
            x, y, radius = random.uniform(0, 96), random.uniform(0, 80), random.uniform(6, 16)
            shape |= (across - x) ** 2 + (down - y) ** 2 < radius**2
    colours = random.integers(0, 256, (2, 3))
    data = io.BytesIO()
    Image.fromarray(colours[shape.astype(int)].astype(np.uint8)).save(data, "PNG")
    return data.getvalue()


def recipe_in(data):
    """Return the recipe inside a PNG."""
    return json.loads(Image.open(io.BytesIO(data)).text["puppyslug"])


class TrainingJob:
    """A training job of a studio, over any HTTP client."""

    def __init__(self, client, **fields):
        self.client = client
        response = self.client.post("/api/lessons", json=fields)
        assert response.status_code == 201, response.text
        self.id = response.json()["id"]
        self.url = f"/api/lessons/{self.id}"

    def get(self):
        return self.client.get(self.url).json()

    def configure(self, **fields):
        return self.client.patch(self.url, json=fields)

    def request_class(self, name):
        """Request a new class; return the response."""
        return self.client.post(f"{self.url}/things", json={"name": name})

    def add_class(self, name, *pictures):
        """Add a class with pictures; return its number."""
        response = self.request_class(name)
        assert response.status_code == 201, response.text
        number = response.json()["number"]
        for index, data in enumerate(pictures):
            response = self.upload(number, data, f"{name} {index}.png")
            assert response.status_code == 201, response.text
        return number

    def rename_class(self, number, name):
        return self.client.patch(f"{self.url}/things/{number}", json={"name": name})

    def upload(self, number, data, name="a.png"):
        """Upload a picture; return the response."""
        files = {"picture": (name, data)}
        return self.client.post(f"{self.url}/things/{number}/pictures", files=files)

    def command(self, name):
        """Send teach, stop or cancel; return the response."""
        return self.client.post(f"{self.url}/{name}")

    def wait(self, *statuses, seconds=240):
        """Wait until the job has one of these statuses."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            job = self.get()
            if job["status"] in statuses:
                return job
            assert job["status"] in {"queued", "running"}, job
            time.sleep(0.05)
        raise AssertionError(job)

    def wait_for_progress(self):
        """Wait until the job reads pictures."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            progress = self.get()["progress"]
            if progress and progress["fraction"] > 0:
                return
            time.sleep(0.02)
        raise AssertionError("the training did not start")


def assert_rejected(response, status, *parts):
    """Check that a request was rejected with one line that contains all parts."""
    assert response.status_code == status, response.text
    detail = response.json()["detail"]
    assert "\n" not in detail
    for part in parts:
        assert part in detail

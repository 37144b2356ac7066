"""A real studio in a process of its own, and what to send it."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import numpy as np
import psutil
from PIL import Image

QUICK = {"layer": "relu1_1", "octaves": 1, "iterations": 2, "size": "64x48", "photo": "clouds"}
# Some seconds on any machine, in many steps, so that there is time to do something meanwhile.
LONG = {"layer": "relu1_1", "octaves": 2, "iterations": 20_000, "size": "96x64", "photo": "clouds"}


class Studio:
    """A studio that runs, and a client of it."""

    def __init__(self, data, *options):
        self.data = data
        command = [sys.executable, "-m", "puppyslug", "studio", "--port", "0", "--no-browser"]
        self.process = subprocess.Popen(
            [*command, "--data", str(data), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self.address = self.process.stdout.readline().strip()
        assert self.address, self.process.stderr.read()
        self.client = httpx.Client(base_url=self.address.partition("?")[0], timeout=60)

    def submit(self, recipe, **files):
        """Ask for a dream; the response."""
        form = {"recipe": recipe if isinstance(recipe, str) else json.dumps(recipe)}
        return self.client.post("/api/dreams", data=form, files=files or None)

    def dream(self, recipe, **files):
        """Ask for a dream that is taken; its id."""
        response = self.submit(recipe, **files)
        assert response.status_code == 201, response.text
        return response.json()["id"]

    def get(self, identity):
        return self.client.get(f"/api/dreams/{identity}").json()

    def order(self, identity, what, **changes):
        return self.client.post(f"/api/dreams/{identity}/{what}", json=changes)

    def wait(self, identity, *statuses, seconds=90):
        """Wait until a dream has a status; by default, until it has ended."""
        statuses = statuses or ("done", "failed", "cancelled", "interrupted")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            dream = self.get(identity)
            if dream["status"] in statuses:
                return dream
            time.sleep(0.02)
        raise AssertionError(f"{dream['status']} instead of {statuses}: {dream}")

    def started(self, identity):
        """Wait until a dream has made a step."""
        for dream in self.events(identity):
            assert dream["status"] in {"queued", "running"}, dream
            if dream["progress"] and dream["progress"]["stage"] == "dreaming":
                return dream
        raise AssertionError("it never began")

    def events(self, identity):
        with self.client.stream("GET", f"/api/dreams/{identity}/events") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            for line in response.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    def image(self, identity):
        return Image.open(io.BytesIO(self.client.get(f"/api/dreams/{identity}/image").content))

    def workers(self):
        """The processes that dream."""
        return [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if "spawn_main" in " ".join(child.cmdline())
        ]

    def files(self):
        """Folders of dreams on disk."""
        return sorted(entry.name for entry in (self.data / "dreams").iterdir())

    def end(self, number=signal.SIGINT):
        """End it; what it said on standard error."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return said


@contextmanager
def studio_at(data, *options):
    studio = Studio(data, *options)
    try:
        yield studio
    finally:
        said = studio.end()
        assert "Traceback" not in said, said


def picture(size=(64, 48), kind="PNG", seed=0, **options):
    """A picture's bytes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind, **options)
    return data.getvalue()


def drawn(kind, seed):
    """A picture of stripes or of discs, none like another."""
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
    """The recipe that a PNG carries."""
    return json.loads(Image.open(io.BytesIO(data)).text["puppyslug"])


def names_in(disposition):
    return re.findall(r"filename\*?=(?:utf-8'')?\"?([^\";]+)", disposition)

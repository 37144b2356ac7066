"""Measures a class: many pupils who dream at once, on one studio.

    python bench/studio.py --class 30 [--seconds 60]

Each pupil always has some toy dreams in the queue; the last one uploads large photos. Prints how
equally finished dreams are shared, whether any was lost, and how long the page and the API take.
"""

import io
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter

import httpx
import numpy as np
from PIL import Image

RECIPE = {"layer": "relu1_1", "octaves": 1, "iterations": 2, "size": "64x48", "photo": "clouds"}
QUEUED = 3  # dreams of each pupil
WORKERS = 2
PAUSE = 0.5  # seconds between the looks of a pupil at the gallery


class Pupil(threading.Thread):
    """A pupil who keeps some dreams in the queue, and looks at the gallery meanwhile."""

    def __init__(
        self, address: str, passphrase: str, stop: threading.Event, *, large: bool
    ) -> None:
        """Join the class."""
        super().__init__(daemon=True)
        self._client = httpx.Client(base_url=address, timeout=120)
        self._client.post("/api/class/join", json={"passphrase": passphrase}).raise_for_status()
        self._stop_event, self._photo = stop, large_photo() if large else None
        self.submitted: list[str] = []
        self.page_times: list[float] = []
        self.api_times: list[float] = []

    def run(self) -> None:
        """Submit dreams until the end."""
        while not self._stop_event.is_set():
            waiting = sum(one["status"] == "queued" for one in self._time(self.api_times))
            for _ in range(QUEUED - waiting):
                files = {"photo": ("large.png", self._photo)} if self._photo else None
                form = {"recipe": json.dumps(RECIPE)}
                response = self._client.post("/api/dreams", data=form, files=files)
                if response.status_code == 201:
                    self.submitted.append(response.json()["id"])
            start = time.perf_counter()
            self._client.get("/").raise_for_status()
            self.page_times.append(time.perf_counter() - start)
            self._stop_event.wait(PAUSE)

    def _time(self, times: list[float]) -> list[dict]:
        start = time.perf_counter()
        response = self._client.get("/api/dreams", params={"limit": 24})
        times.append(time.perf_counter() - start)
        return response.raise_for_status().json()


def large_photo() -> bytes:
    """Return a PNG of about 30 MB."""
    data = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (2500, 4000, 3), np.uint8)
    Image.fromarray(noise).save(data, "PNG", compress_level=1)
    return data.getvalue()


def late(times: list[float]) -> float:
    """Return the 95th percentile."""
    return float(np.percentile(times, 95))


def measure_class(count: int, seconds: float) -> None:
    """Run a class of so many pupils, and print how it went."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "puppyslug", "studio", "--class", "--host", "127.0.0.1"]
        command += ["--port", "0", "--no-browser", "--workers", str(WORKERS)]
        studio = subprocess.Popen([*command, "--data", folder], stdout=subprocess.PIPE, text=True)
        address = studio.stdout.readline().strip()
        passphrase = studio.stdout.readline().partition(": ")[2].strip()
        token = studio.stdout.readline().strip().rpartition("token=")[2]
        stop = threading.Event()
        pupils = [
            Pupil(address, passphrase, stop, large=number == count - 1) for number in range(count)
        ]
        for pupil in pupils:
            pupil.start()
        time.sleep(seconds)
        stop.set()
        for pupil in pupils:
            pupil.join(timeout=120)
        report(pupils, address, token)
        studio.terminate()
        studio.wait()


def report(pupils: list[Pupil], address: str, token: str) -> None:
    """Print shares, losses and times."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as teacher:
        numbers = [one["done"] for one in teacher.get("/api/class").json()["pupils"]]
        statuses = Counter(
            teacher.get(f"/api/dreams/{job}").status_code
            for pupil in pupils
            for job in pupil.submitted
        )
    mean = sum(numbers) / len(numbers)
    print(f"done: {sum(numbers)}, {min(numbers)} to {max(numbers)} each, mean {mean:.1f}")
    if mean:
        print(f"shares: {min(numbers) / mean - 1:+.0%} to {max(numbers) / mean - 1:+.0%}")
    print(f"lost: {sum(statuses.values()) - statuses[200]} of {sum(statuses.values())} submitted")
    for name, times in (
        ("page", [one for pupil in pupils for one in pupil.page_times]),
        ("API", [one for pupil in pupils for one in pupil.api_times]),
    ):
        print(f"{name}: {1000 * late(times):.0f} ms (95 %) of {len(times)} requests")

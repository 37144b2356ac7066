"""Measures how much time the studio's previews take, and how the server responds under load.

    python bench/studio.py [--size 1024] [--rounds 5]
    python bench/studio.py --class 30 [--seconds 60]

Renders the same dream alternately with and without previews, and prints the best time of each.
Then starts a studio with a running dream, sends it 200 photos at the same time from another
process, and prints the response times of the page in the meantime.
With --class, measures a class instead; see studio_class.py.
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
from studio_class import measure_class

from puppyslug.engine.preparation import prepare
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.images import generate_clouds, to_pil
from puppyslug.recipe import Recipe
from puppyslug.studio.jobs.models import Job
from puppyslug.studio.workers import dream_task


class FakeControl:
    """Stands in for a job's channel to the server: counts previews, and receives no commands."""

    stopped = False

    def __init__(self) -> None:
        """Start counting."""
        self.previews = 0

    def emit(self, kind: str, _: object = None) -> None:
        """Count a message if it is a preview."""
        self.previews += kind == "preview"

    def poll(self) -> list[object]:
        """Return no changes."""
        return []


def time_dream(prepared: PreparedDream, recipe: Recipe, *, previews: bool) -> tuple[float, int]:
    """Return the seconds that a dream takes in the studio, and its number of previews."""
    control = FakeControl()
    job = Job(id="", recipe=recipe.to_settings(), created=0)
    reporter = dream_task.ProgressReporter(job, control)
    if not previews:
        reporter.preview = lambda _: None
    start = time.perf_counter()
    dream_task.dream_picture(prepared, control, reporter, keep=lambda _: None)
    return time.perf_counter() - start, control.previews


REQUESTS = 200
RECIPE = {"layer": "relu1_1", "octaves": 1, "size": "64", "photo": "clouds"}


def send_all(address: str) -> None:
    """Send a photo many times at once; print the status codes as JSON."""
    data = io.BytesIO()
    to_pil(generate_clouds((1200, 1600), 0)).convert("RGB").save(data, "JPEG", quality=90)
    form = {"data": {"recipe": json.dumps(RECIPE)}, "files": {"photo": ("a.jpg", data.getvalue())}}

    def send(_: int) -> int:
        with httpx.Client(base_url=address, timeout=60) as client:
            return client.post("/api/dreams", **form).status_code

    with ThreadPoolExecutor(REQUESTS) as pool:
        print(json.dumps(list(pool.map(send, range(REQUESTS)))))


def measure_load() -> None:
    """Print the response times of the page while many requests arrive."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "puppyslug", "studio", "--port", "0", "--no-browser"]
        studio = subprocess.Popen(
            [*command, "--data", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        address = studio.stdout.readline().strip()
        with httpx.Client(base_url=address, timeout=60) as client:
            client.post(
                "/api/dreams", data={"recipe": json.dumps({**RECIPE, "iterations": 99_999})}
            )
            client.get("/")
            time.sleep(5)
            senders = subprocess.Popen(
                [sys.executable, __file__, "--send", address], stdout=subprocess.PIPE, text=True
            )
            page_times = []
            while senders.poll() is None:
                start = time.perf_counter()
                client.get("/").raise_for_status()
                page_times.append(time.perf_counter() - start)
                time.sleep(0.02)
        statuses = json.loads(senders.stdout.read())
        studio.terminate()
        studio.wait()
    page_times.sort()
    print(f"{REQUESTS} at once: {statuses.count(201)} accepted, {statuses.count(429)} rejected")
    late = page_times[int(0.95 * len(page_times))]
    middle = page_times[len(page_times) // 2]
    print(f"the page: {middle:.3f} s (median), {late:.3f} (95 %), {page_times[-1]:.3f} at most")


def main() -> None:
    """Measure, and print the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--send", help=argparse.SUPPRESS)
    parser.add_argument("--class", type=int, dest="pupils", help="measure a class of pupils only")
    parser.add_argument("--seconds", type=float, default=60, help="duration of the class")
    options = parser.parse_args()
    if options.send:
        send_all(options.send)
        return
    if options.pupils:
        measure_class(options.pupils, options.seconds)
        return
    recipe = Recipe.complete({"size": str(options.size)})
    prepared = prepare(recipe, "clouds")
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(options.rounds):
        for previews, results in times.items():
            seconds, count = time_dream(prepared, recipe, previews=previews)
            results.append(seconds)
            if previews:
                preview_count = count
    with_previews, without = min(times[True]), min(times[False])
    print(f"{options.size} pixels: {without:.2f} s without previews")
    print(f"{with_previews:.2f} s with {preview_count} previews")
    print(f"ratio {with_previews / without:.3f}")
    measure_load()


if __name__ == "__main__":
    main()

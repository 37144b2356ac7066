"""What the studio's previews cost a dream, and how the page answers in a crowd.

    python bench/studio.py [--size 1024] [--rounds 5]

Dreams the same dream with previews and without, by turns, and prints the best of each. Then starts
a studio that dreams, has 200 photos sent to it at the same time by another process, and prints how
long the page took to answer meanwhile.
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

from puppyslug.engine.preparation import Prepared, prepare
from puppyslug.images import clouds, to_pil
from puppyslug.recipe.recipe import Recipe
from puppyslug.studio.jobs.models import Dream
from puppyslug.studio.workers import dream_task


class Deaf:
    """Stands in for the line to the server."""

    stopped = False

    def __init__(self) -> None:
        """Count what is said."""
        self.previews = 0

    def say(self, what: str, _: object = None) -> None:
        """Count previews."""
        self.previews += what == "preview"

    def obey(self) -> list[object]:
        """Nothing is ordered."""
        return []


def seconds(prepared: Prepared, recipe: Recipe, *, previews: bool) -> tuple[float, int]:
    """How long a dream takes as the studio dreams it, and how many previews it has."""
    line = Deaf()
    watch = dream_task.Watch(Dream(id="", recipe=recipe.as_settings(), created=0), line)
    if not previews:
        watch.preview = lambda _: None
    start = time.perf_counter()
    dream_task.dream_picture(None, prepared, line, watch)
    return time.perf_counter() - start, line.previews


CROWD = 200
RECIPE = {"layer": "relu1_1", "octaves": 1, "size": "64", "photo": "clouds"}


def send_all(address: str) -> None:
    """Send a photo many times at once; print the answers' statuses."""
    data = io.BytesIO()
    to_pil(clouds((1200, 1600), 0)).convert("RGB").save(data, "JPEG", quality=90)
    form = {"data": {"recipe": json.dumps(RECIPE)}, "files": {"photo": ("a.jpg", data.getvalue())}}

    def send(_: int) -> int:
        with httpx.Client(base_url=address, timeout=60) as client:
            return client.post("/api/dreams", **form).status_code

    with ThreadPoolExecutor(CROWD) as pool:
        print(json.dumps(list(pool.map(send, range(CROWD)))))


def crowd() -> None:
    """Measure the page while a crowd comes."""
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
            waits = []
            while senders.poll() is None:
                start = time.perf_counter()
                client.get("/").raise_for_status()
                waits.append(time.perf_counter() - start)
                time.sleep(0.02)
        statuses = json.loads(senders.stdout.read())
        studio.terminate()
        studio.wait()
    waits.sort()
    print(f"{CROWD} at once: {statuses.count(201)} taken, {statuses.count(429)} told to come back")
    late = waits[int(0.95 * len(waits))]
    middle = waits[len(waits) // 2]
    print(f"the page: {middle:.3f} s (median), {late:.3f} (95 %), {waits[-1]:.3f} at most")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--send", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.send:
        send_all(chosen.send)
        return
    recipe = Recipe.complete({"size": str(chosen.size)})
    prepared = prepare(recipe, "clouds")
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(chosen.rounds):
        for previews, taken in times.items():
            took, count = seconds(prepared, recipe, previews=previews)
            taken.append(took)
            if previews:
                shown = count
    with_them, without = min(times[True]), min(times[False])
    print(f"{chosen.size} pixels: {without:.2f} s without previews, {with_them:.2f} s with {shown}")
    print(f"ratio {with_them / without:.3f}")
    crowd()


if __name__ == "__main__":
    main()

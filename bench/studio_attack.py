"""Attacks a studio as a careless or hostile client would, and reports how the server holds.

    python bench/studio_attack.py [--full-disk FOLDER]

Sends 150 hostile recipes and 60 hostile pictures, changes a running dream 4000 times, keeps 200
slow connections open, stops the worker, and with ``--full-disk`` fills the disk of FOLDER, which
should be a file system of some megabytes. Prints the status codes, the response times of the health
check, the memory of the server, and how each dream ended.
"""

import argparse
import collections
import contextlib
import io
import itertools
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import psutil
from PIL import Image, PngImagePlugin, TiffImagePlugin

RECIPES, PICTURES, STEERS, CONNECTIONS = 150, 60, 4000, 200
LONG = {"layer": "relu1_1", "octaves": 1, "iterations": 99_999, "size": "96x64", "photo": "clouds"}
QUICK = {**LONG, "iterations": 2}


class Studio:
    """A studio in a process of its own, watched while it is attacked."""

    def __init__(self, folder: Path) -> None:
        """Start the studio, and two threads that watch its memory and its health check."""
        command = [sys.executable, "-m", "puppyslug", "studio", "--port", "0", "--no-browser"]
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115  read when the studio has ended
        self.process = subprocess.Popen(
            [*command, "--data", str(folder)], stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        self.address = self.process.stdout.readline().strip()
        self.client = httpx.Client(base_url=self.address, timeout=120, limits=httpx.Limits())
        self.statuses: collections.Counter[tuple[str, int]] = collections.Counter()
        self.memory = {"server": 0, "sandbox": 0}
        self.health: list[float] = []
        self._ended = threading.Event()
        self._health_check = subprocess.Popen(
            [sys.executable, __file__, "--watch", self.address], stdout=subprocess.PIPE, text=True
        )
        self._watchers = [
            threading.Thread(target=self._watch, daemon=True),
            threading.Thread(target=self._read_health, daemon=True),
        ]
        for watcher in self._watchers:
            watcher.start()

    def request(self, kind: str, method: str, path: str, **options: object) -> httpx.Response:
        """Send a request, and count its status."""
        response = self.client.request(method, path, **options)
        self.statuses[kind, response.status_code] += 1
        if response.status_code >= 500 and response.status_code not in {503, 507}:
            print("FAULT", kind, response.status_code, response.text[:200])
        return response

    def dream(self, recipe: dict[str, object]) -> str:
        """Submit a dream; return its id."""
        form = {"recipe": json.dumps(recipe)}
        return self.request("submit", "POST", "/api/dreams", data=form).json()["id"]

    def wait(self, job_id: str, *statuses: str) -> str:
        """Wait until a dream has one of these statuses; return it."""
        deadline = time.monotonic() + 120
        while True:
            status = self.client.get(f"/api/dreams/{job_id}").json()["status"]
            if status in statuses or time.monotonic() > deadline:
                return status
            time.sleep(0.05)

    def wait_for_step(self, job_id: str) -> None:
        """Wait until a dream has completed a step."""
        while (self.client.get(f"/api/dreams/{job_id}").json()["progress"] or {}).get(
            "stage"
        ) != "dreaming":
            time.sleep(0.05)

    def worker(self) -> psutil.Process:
        """Return the worker's process: the largest child of the server."""
        children = psutil.Process(self.process.pid).children()
        return max(children, key=lambda child: child.memory_info().rss)

    def close(self) -> str:
        """Stop the studio; return its log."""
        self._ended.set()
        self._health_check.terminate()
        for watcher in self._watchers:
            watcher.join()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        self.log.seek(0)
        return self.log.read()

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            with contextlib.suppress(psutil.Error):
                self._check_memory()

    def _check_memory(self) -> None:
        server = psutil.Process(self.process.pid)
        self.memory["server"] = max(self.memory["server"], server.memory_info().rss)
        children = [one.memory_info().rss for one in server.children()]
        if len(children) > 1:  # the worker is the largest
            self.memory["sandbox"] = max(self.memory["sandbox"], sorted(children)[-2])

    def _read_health(self) -> None:
        for line in self._health_check.stdout:
            self.health.append(float(line))


def watch_health(address: str) -> None:
    """Print how long the health check takes, in seconds, until the studio ends."""
    with contextlib.suppress(httpx.HTTPError), httpx.Client(base_url=address) as client:
        while True:
            start = time.perf_counter()
            client.get("/healthz", timeout=60).raise_for_status()
            print(time.perf_counter() - start, flush=True)
            time.sleep(0.02)


def hostile_recipes() -> list[str]:
    """Return texts of recipes, most of which are invalid."""
    digits, items = "9" * 5000, ("0,", "[],", "{},", '"x",', "null,")
    texts = [
        *(f'{{"{field}": [{item * count}1]}}'
          for field in ("schedule", "guides", "layer", "see", "mask", "photo")
          for item in items for count in (1000, 10_000, 40_000)),
        *(json.dumps({field: value})
          for field in ("size", "seed", "octaves", "objective", "mask", "network", "tile", "smooth")
          for value in (digits, digits + "x1", -1, [], {}, None, "see(", "\ud800", "x" * 100_000)),
        "[" * 90_000, '{"a":' * 30_000, "{" + '"a":1,' * 20_000 + '"b":1}', f'{{"seed": {digits}}}',
        '{"seed": 1e999}', '{"seed": NaN}', "", "null", "[]",
        '{"octaves": 100, "octave_scale": 1.0001}',
    ]  # fmt: skip
    return list(itertools.islice(itertools.cycle(texts), RECIPES))


def hostile_pictures() -> list[tuple[str, bytes]]:
    """Return file names and contents of pictures: long recipes, large sizes, damage."""
    pictures = []
    for count in (1000, 400_000, 5_000_000):
        text = '{"schedule": [' + "0," * count + "0]}"
        tags, data = TiffImagePlugin.ImageFileDirectory_v2(), io.BytesIO()
        tags[270] = text
        Image.new("L", (8, 8)).save(data, "TIFF", tiffinfo=tags)
        pictures.append(("recipe.tif", data.getvalue()))
        chunks, data = PngImagePlugin.PngInfo(), io.BytesIO()
        chunks.add_text("puppyslug", text[:2_000_000], zip=True)
        Image.new("L", (8, 8)).save(data, "PNG", pnginfo=chunks)
        pictures.append(("recipe.png", data.getvalue()))
    for mode, size in (("RGB", (7700, 7700)), ("RGBA", (7700, 7700)), ("L", (60_000, 1000))):
        data = io.BytesIO()
        Image.new(mode, size).save(data, "PNG", compress_level=1)
        pictures.append(("large.png", data.getvalue()))
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = (
        struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    pictures.append(("bomb.png", b"\x89PNG\r\n\x1a\n" + chunk))
    ramp, data = np.linspace(0, 65_535, 1200).astype(np.uint16)[None].repeat(900, 0), io.BytesIO()
    Image.fromarray(ramp).save(data, "PNG")
    pictures.append(("deep.png", data.getvalue()))
    generator = random.Random(0)
    kinds = itertools.cycle(("TIFF", "PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP"))
    while len(pictures) < PICTURES:
        kind, data = next(kinds), io.BytesIO()
        Image.effect_noise((64, 48), 90).convert("RGB").save(data, kind)
        damaged = bytearray(data.getvalue())
        for _ in range(generator.choice((1, 5, 40))):
            damaged[generator.randrange(min(len(damaged), 400))] = generator.randrange(256)
        pictures.append((f"damaged.{kind.lower()}", bytes(damaged)))
    return pictures


def send_recipes(studio: Studio) -> None:
    """Send hostile recipes in forms, in JSON and as changes."""
    ended = studio.dream(QUICK)
    studio.wait(ended, "done")

    def send(text: str) -> None:
        accepted = studio.request("recipe", "POST", "/api/dreams", data={"recipe": text})
        if accepted.status_code == 201:
            studio.request("cancel", "POST", f"/api/dreams/{accepted.json()['id']}/cancel")
        headers = {"Content-Type": "application/json"}
        body = f'{{"recipe": {text}}}'.encode("utf-8", "replace")
        path = f"/api/dreams/{ended}/again"
        accepted = studio.request("again", "POST", path, content=body, headers=headers)
        if accepted.status_code == 201:
            studio.request("cancel", "POST", f"/api/dreams/{accepted.json()['id']}/cancel")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(send, hostile_recipes()))


def send_pictures(studio: Studio) -> None:
    """Send hostile pictures as photos, as training pictures and for their recipes."""
    lesson = studio.request("lesson", "POST", "/api/lessons", json={}).json()["id"]
    url = f"/api/lessons/{lesson}/things"
    number = studio.request("lesson", "POST", url, json={"name": "dog"}).json()["number"]

    def send(picture: tuple[str, bytes]) -> None:
        studio.request("read", "POST", "/api/recipe", files={"dream": picture})
        files, path = {"picture": picture}, f"{url}/{number}/pictures"
        studio.request("picture", "POST", path, files=files)
        form = {"recipe": json.dumps({**QUICK, "size": "64"})}
        photo = studio.request("photo", "POST", "/api/dreams", data=form, files={"photo": picture})
        if photo.status_code == 201:
            studio.request("cancel", "POST", f"/api/dreams/{photo.json()['id']}/cancel")

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(send, hostile_pictures()))


def send_steers(studio: Studio) -> None:
    """Change a running dream, then stop it: its picture must be there."""
    job_id = studio.dream(LONG)
    studio.wait_for_step(job_id)
    good = [{"step_size": 2.0}, {"layer": "relu1_2"}, {"strength": 0.9}, {"jitter": 3}]
    bad = [{"objective": 'guide("a", relu1_1)'}, {"objective": "strongest(relu1_1, 3)"},
           {"octaves": 3}, {"step_size": "x" * 90_000}, {"schedule": [0] * 9000}]  # fmt: skip
    changes = list(itertools.islice(itertools.cycle([*good, *bad]), STEERS))

    def steer(change: dict[str, object]) -> None:
        studio.request("steer", "POST", f"/api/dreams/{job_id}/steer", json=change)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(steer, changes))
    studio.request("stop", "POST", f"/api/dreams/{job_id}/stop")
    report_dream(studio, "after 4000 changes", job_id)


def report_dream(studio: Studio, when: str, job_id: str) -> None:
    """Print how a dream ended, and whether its picture is there."""
    status = studio.wait(job_id, "done", "failed", "cancelled")
    picture = studio.request("image", "GET", f"/api/dreams/{job_id}/image").status_code
    print(f"{when}: the dream is {status}, its picture {picture}")


def open_slow_connections(studio: Studio) -> None:
    """Keep connections with half a header, half a body or an unread response; use the studio."""
    address = ("127.0.0.1", int(studio.address.rstrip("/").rpartition(":")[2]))
    host = f"Host: 127.0.0.1:{address[1]}\r\n"
    form = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 60000000\r\n\r\n--x"
    starts = [
        f"GET / HTTP/1.1\r\n{host}",
        f"POST /api/dreams HTTP/1.1\r\n{host}{form}",
        "",
        f"GET /api/openapi.json HTTP/1.1\r\n{host}\r\n" * 50,
    ]
    connections = []
    for start in itertools.islice(itertools.cycle(starts), CONNECTIONS):
        connection = socket.create_connection(address)
        connection.sendall(start.encode())
        connections.append(connection)
    job_id = studio.dream(QUICK)
    report_dream(studio, f"beside {CONNECTIONS} slow connections", job_id)
    time.sleep(45)
    left = 0
    for connection in connections:
        connection.setblocking(False)
        with contextlib.suppress(ConnectionError):
            try:
                while connection.recv(1_000_000):
                    pass
            except BlockingIOError:
                left += 1
        connection.close()
    print(f"{left} of {CONNECTIONS} slow connections are open after 45 s")


def stop_worker(studio: Studio) -> None:
    """Stop the worker as a debugger does; order, cancel, and dream on."""
    job_id = studio.dream(LONG)
    studio.wait_for_step(job_id)
    worker = studio.worker()
    worker.suspend()
    start = time.perf_counter()
    for number in range(900):
        change = {"strength": number / 1000}
        studio.request("hung", "POST", f"/api/dreams/{job_id}/steer", json=change)
    print(f"900 changes to a stopped worker: {time.perf_counter() - start:.1f} s")
    studio.client.get("/").raise_for_status()
    worker.resume()
    studio.request("stop", "POST", f"/api/dreams/{job_id}/stop")
    report_dream(studio, "after the worker went on", job_id)
    job_id = studio.dream(LONG)
    studio.wait_for_step(job_id)
    studio.worker().suspend()
    start = time.perf_counter()
    studio.request("cancel", "POST", f"/api/dreams/{job_id}/cancel")
    status = studio.wait(job_id, "cancelled", "failed")
    print(f"a dream of a stopped worker is {status} after {time.perf_counter() - start:.1f} s")
    report_dream(studio, "of the worker that replaces it", studio.dream(QUICK))


def fill_disk(studio: Studio, folder: Path) -> None:
    """Stop a dream on a full disk, delete others, and see whether it is saved."""
    others = [studio.dream({**QUICK, "seed": seed, "size": "640x480"}) for seed in range(3)]
    for job_id in others:
        studio.wait(job_id, "done")
    running = studio.dream(LONG | {"size": "320x240"})
    studio.wait_for_step(running)
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with contextlib.suppress(OSError), (folder / "filler2").open("wb", buffering=0) as file:
        while True:
            file.write(b"x")
    photo = io.BytesIO()
    Image.effect_noise((900, 900), 90).save(photo, "PNG")
    form = {"recipe": json.dumps({**QUICK, "size": "64"})}
    files = {"photo": ("a.png", photo.getvalue())}
    studio.request("full", "POST", "/api/dreams", data=form, files=files)
    studio.request("stop", "POST", f"/api/dreams/{running}/stop")
    time.sleep(2)
    print("a dream that is stopped on a full disk:", studio.wait(running, "done", "running"))
    for job_id in others:
        studio.request("delete", "DELETE", f"/api/dreams/{job_id}")
    report_dream(studio, "after deleting others", running)
    filler.unlink()
    (folder / "filler2").unlink(missing_ok=True)


def main() -> None:
    """Attack, and print the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full-disk", type=Path, metavar="FOLDER")
    parser.add_argument("--only", nargs="*", default=[], help="names of attacks")
    parser.add_argument("--watch", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.watch:
        watch_health(options.watch)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.full_disk or Path(temporary)
        studio = Studio(folder / "data")
        if options.full_disk:
            fill_disk(studio, folder)
        else:
            report_dream(studio, "before", studio.dream(QUICK))
            for attack in (send_recipes, send_pictures, send_steers, stop_worker,
                           open_slow_connections):  # fmt: skip
                if options.only and attack.__name__ not in options.only:
                    continue
                start = time.perf_counter()
                attack(studio)
                seconds = time.perf_counter() - start
                times = sorted(time * 1000 for time in studio.health)
                health = f"{times[len(times) // 2]:.0f} ms (median), {times[-1]:.0f} (worst)"
                studio.health.clear()
                memory = {name: value // 10**6 for name, value in studio.memory.items()}
                print(
                    f"{attack.__name__}: {seconds:.0f} s, health {health}, {memory} MB", flush=True
                )
        log = studio.close()
    for (kind, status), count in sorted(studio.statuses.items()):
        print(f"{kind:8} {status} {count}")
    print("tracebacks in the log:", log.count("Traceback"))
    print(log[-1500:], file=sys.stderr)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

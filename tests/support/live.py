"""A live worker whose process is a thread, and frames of a camera."""

import contextlib
import io
import multiprocessing
import os
import socket
import threading
import time

from PIL import Image

from puppyslug.studio.workers.live_process import LiveProcess
from support.films import moving_scene

LOOK = {"network": "efficientnet_lite0", "objective": "block_0", "octaves": 1, "smooth": "0"}


class ThreadProcess:
    """Runs the live process in a thread; ``kill`` closes its connection."""

    def __init__(self, networks):
        self.networks, self.connection, self.starts = networks, None, 0

    def connect(self):
        if self.connection is None:
            self.connection, self.child = multiprocessing.Pipe()
            self.starts += 1
            threading.Thread(target=self._run, args=(self.child,), daemon=True).start()
        return self.connection

    def _run(self, child):
        with contextlib.suppress(EOFError, OSError):
            LiveProcess(child, self.networks).run()

    def kill(self):
        connection, self.connection = self.connection, None
        if connection is not None:
            with socket.socket(fileno=os.dup(self.child.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)

    end = kill


def use_thread(worker):
    """Let a worker use a thread in place of its process; return it."""
    worker._process = ThreadProcess(worker._process._arguments[0])
    return worker._process


def camera_frames(count=6, size=(64, 96)):
    """JPEGs of a moving scene."""
    frames = []
    for picture in moving_scene(count, size=size):
        data = io.BytesIO()
        Image.fromarray(picture).save(data, "JPEG")
        frames.append(data.getvalue())
    return frames


def hostile_frames(good):
    """What is no frame: damaged, truncated, of another format, huge."""
    png, huge = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    Image.new("L", (9000, 9000)).save(huge, "JPEG", quality=1)
    truncated = [good[:length] for length in (1, 20, len(good) // 2, len(good) - 2)]
    return [*truncated, png.getvalue(), huge.getvalue(), b"x" * 100, b"\xff\xd8" + bytes(500)]


def wait_until(condition, seconds=30):
    """Wait for a condition that another thread brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)

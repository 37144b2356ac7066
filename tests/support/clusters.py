"""A real Ray cluster of this machine, for tests, and commands that run on it."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil


def free_port():
    """A port that nobody listens at, outside of those that Ray gives its workers."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if not 10_000 <= port < 20_000:
            return port


class Head:
    """``ray start --head`` on this machine alone, with a token of its own."""

    def __init__(self, cores=2):
        port, client = free_port(), free_port()
        self.client = f"ray://127.0.0.1:{client}"
        self.environment = {
            "GRPC_ENABLE_FORK_SUPPORT": "0",  # see docs/scale.md
            "OMP_NUM_THREADS": "1",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(24),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",  # else whatever else runs here goes first
        }
        options = [f"--port={port}", f"--ray-client-server-port={client}", f"--num-cpus={cores}"]
        self._process = self._ray("--head", "--include-dashboard=false", *options)
        self.environment["RAY_ADDRESS"] = f"127.0.0.1:{port}"

    def _ray(self, *options):
        """A node, once it is there."""
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ray"), "start", "--block", *options,
             "--node-ip-address=127.0.0.1", "--object-store-memory=300000000"],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if not any("runtime started" in line for line in process.stdout):
            raise AssertionError("no cluster could be started")
        return process

    def join(self, cores=1):
        """Have one more machine, as far as Ray can tell; its process."""
        return self._ray(f"--address={self.environment['RAY_ADDRESS']}", f"--num-cpus={cores}")

    def start(self, *arguments, program=("-m", "puppyslug"), **options):
        """Start a command that knows the cluster."""
        return subprocess.Popen(
            [sys.executable, *program, *arguments],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip

    def run(self, *arguments, **options):
        """Run a command; its exit status, and what it said on standard error."""
        process = self.start(*arguments, **options)
        _, said = process.communicate(timeout=240)
        return process.returncode, said

    def hands(self, kind="Hand", node=None):
        """The processes of workers that are there, on the head or on another node."""
        found = []
        for process in psutil.Process((node or self._process).pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                command = "".join(process.cmdline()[:1])  # empty once it has ended
                if command.startswith(f"ray::{kind}"):
                    found.append(process)
        return found

    def end(self, node=None):
        """Kill it, or another node, with all that belongs to it."""
        node = node or self._process
        for process in [*psutil.Process(node.pid).children(recursive=True), node]:
            with contextlib.suppress(psutil.Error):
                process.kill()
        node.communicate()


def wait_for(condition, seconds=60):
    """Wait until something holds, and give it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")

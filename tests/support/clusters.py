"""Clusters for tests: a fake one in this process, and a real Ray cluster of this machine."""

import contextlib
import os
import random
import secrets
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from types import SimpleNamespace

import psutil
import torch

from puppyslug.cluster.actor import WorkerActor
from puppyslug.cluster.backend import WorkerLostError, WorkerResources


class FakeBackend:
    """A ``Backend`` that executes calls in this process, one per ``wait``, in a random order.

    Attributes:
        room: number of workers that fit.
        fail: called before every call with the actor's number and the method's name; it may raise.
        actors: all actors requested so far.
        checks: number of calls of ``check_connection``.
    """

    address = "fake"

    def __init__(self, room=2, fail=lambda number, method: None, seed=0):
        self.room = room
        self.fail = fail
        self.actors = []
        self.checks = 0
        self._random = random.Random(seed)

    @property
    def running(self):
        """The actors that have been started and not stopped."""
        return [actor for actor in self.actors if not actor.stopped][: self.room]

    def capacity(self, amounts):
        return self.room

    def check_connection(self):
        self.checks += 1

    def start_actor(self, resources, network):
        number = len(self.actors)
        actor = SimpleNamespace(number=number, network=network, stopped=False, calls=deque())
        actor.worker = WorkerActor(resources.threads, network)
        self.actors.append(actor)
        return actor

    def put(self, value):
        return value

    def call(self, actor, method, *arguments):
        future = FakeFuture(actor, method, arguments)
        actor.calls.append(future)
        return future

    def wait(self, futures, timeout):
        ready = [future for future in futures if future.actor in self.running]
        if not ready:
            time.sleep(0.001)
            return []
        future = self._random.choice(ready)
        while not future.done:
            self._execute(future.actor.calls.popleft())
        return [future]

    def _execute(self, future):
        try:
            self.fail(future.actor.number, future.method)
            future.value = getattr(future.actor.worker, future.method)(*future.arguments)
        except Exception as error:
            future.error = error
        future.done = True

    def result(self, future):
        if future.error is not None:
            raise future.error
        return future.value

    def stop_actor(self, actor):
        actor.stopped = True


class FakeFuture:
    """The result of a call of a ``FakeBackend``."""

    def __init__(self, actor, method, arguments):
        self.actor, self.method, self.arguments = actor, method, arguments
        self.value = self.error = None
        self.done = False


class LoseWorkers:
    """Loses the worker at given calls; pass it as ``fail``."""

    def __init__(self, *calls, method="next_item", out_of_memory=False):
        self._calls, self._method, self._out_of_memory = calls, method, out_of_memory
        self._count = 0

    def __call__(self, number, method):
        if method == self._method:
            self._count += 1
            if self._count in self._calls:
                raise WorkerLostError("killed", out_of_memory=self._out_of_memory)


class FakePayload:
    """A ``NetworkPayload`` of a network in this process."""

    def __init__(self, network=None):
        self.network = network

    def load(self):
        return self.network


def this_process():
    """The resources that leave this process's number of threads as it is."""
    return WorkerResources(torch.get_num_threads())


def free_port():
    """A port where nothing listens, outside of the range that Ray gives to workers."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if not 10_000 <= port < 20_000:
            return port


class RayCluster:
    """``ray start --head`` on this machine, with a token of its own."""

    def __init__(self, cores=2):
        port, client = free_port(), free_port()
        self.client = f"ray://127.0.0.1:{client}"
        self.environment = {
            "GRPC_ENABLE_FORK_SUPPORT": "0",  # see docs/scale.md
            "OMP_NUM_THREADS": "1",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(24),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",  # otherwise other busy processes starve the workers
        }
        options = [f"--port={port}", f"--ray-client-server-port={client}", f"--num-cpus={cores}"]
        self._head = self._start_node("--head", "--include-dashboard=false", *options)
        self.environment["RAY_ADDRESS"] = f"127.0.0.1:{port}"

    def _start_node(self, *options):
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ray"), "start", "--block", *options,
             "--node-ip-address=127.0.0.1", "--object-store-memory=300000000"],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if not any("runtime started" in line for line in process.stdout):
            raise AssertionError("the cluster could not be started")
        return process

    def add_node(self, cores=1):
        """Add a node, which Ray takes for another machine; return its process."""
        return self._start_node(
            f"--address={self.environment['RAY_ADDRESS']}", f"--num-cpus={cores}"
        )

    def start(self, *arguments, program=("-m", "puppyslug"), **options):
        """Start a command that knows the cluster's address and token."""
        return subprocess.Popen(
            [sys.executable, *program, *arguments],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip

    def run(self, *arguments, **options):
        """Run a command; return its exit status and its standard error."""
        process = self.start(*arguments, **options)
        _, errors = process.communicate(timeout=240)
        return process.returncode, errors

    def actor_processes(self, actor_class="WorkerActor", node=None):
        """Find the running processes of an actor class, on the head or on another node."""
        found = []
        for process in psutil.Process((node or self._head).pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                command = "".join(process.cmdline()[:1])  # empty once the process has ended
                if command.startswith(f"ray::{actor_class}"):
                    found.append(process)
        return found

    def kill(self, node=None):
        """Kill the head or another node, with all of its processes."""
        node = node or self._head
        for process in [*psutil.Process(node.pid).children(recursive=True), node]:
            with contextlib.suppress(psutil.Error):
                process.kill()
        node.communicate()


def wait_until(condition, seconds=60):
    """Wait until a condition returns something true, and return that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("the condition was not met in time")

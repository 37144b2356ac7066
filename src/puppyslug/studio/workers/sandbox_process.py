"""The main function of the sandbox: it reads one untrusted file after the other."""

import contextlib
import json
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from puppyslug.errors import PuppyslugError
from puppyslug.studio.jobs.uploaded_recipes import read_recipe
from puppyslug.studio.jobs.uploads import inspect_picture

NICENESS = 10  # the server has priority
OOM_SCORE = 1000  # the kernel kills this process first
MAX_REASON = 200  # characters of an unexpected error


def run_sandbox(connection: Connection, memory: int) -> None:
    """Process requests until the server closes the connection.

    A request is a JSON object, then the bytes of a file. The reply is a JSON object with the
    result, or with an ``error``, then the bytes that belong to it.

    Args:
        connection: connection to the server.
        memory: number of bytes that may be allocated for a file.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server handles Ctrl-C
    _limit_process(memory)
    while True:
        try:
            request = json.loads(connection.recv_bytes())
            data = connection.recv_bytes()
        except (EOFError, OSError):
            return
        result, extra = run_request(request, data)
        connection.send_bytes(json.dumps(result).encode())
        connection.send_bytes(extra)
        del data, extra


def run_request(request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Run the function of a request; whatever it raises is the reason to reject the file."""
    name = request["name"]
    try:
        return _FUNCTIONS[request["function"]](request, data)
    except (Exception, RecursionError) as error:
        if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
            reason = f"{name} needs too much memory to decode; scale it down first"
        elif isinstance(error, PuppyslugError):
            reason = str(error)
        else:
            text = " ".join(str(error).split())[:MAX_REASON]
            reason = f"{name} is damaged ({type(error).__name__}: {text}); save it again"
        return {"error": reason.encode("utf-8", "replace").decode()}, b""


def _inspect_picture(request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    info = inspect_picture(request["name"], data, max_pixels=request["max_pixels"])
    return {"suffix": info.suffix, "size": info.size}, info.thumbnail


def _read_recipe(request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    return {"recipe": read_recipe(request["name"], data, Path(request["networks"]))}, b""


_FUNCTIONS: dict[str, Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]]] = {
    "inspect_picture": _inspect_picture,
    "read_recipe": _read_recipe,
}


def _limit_process(memory: int) -> None:
    """Limit memory and priority, where the system can."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        limit = _allocated_bytes() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _allocated_bytes() -> int:
    """Return how much memory of its own the process has already; 0 if that is not known."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0

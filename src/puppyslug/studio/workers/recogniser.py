"""A process that says what a network sees in a picture, while the workers dream.

The process starts with the first request, and ends when it has not been used for a while.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.workers.recognition_process import run_recognition
from puppyslug.studio.workers.service_process import ServiceProcess

MAX_SECONDS = 180.0  # for one picture, the loading of the network included
IDLE_SECONDS = 300.0  # after which the process ends
STOP_INTERVAL = 0.1  # seconds between two questions whether to stop
MAX_CACHED = 200  # results


class RecognitionRequest(NamedTuple):
    """What to recognise.

    Attributes:
        picture: bytes of an image file that the studio wrote.
        network: name of a network with classes.
        networks: folder of the trained networks.
        version: modification time of a trained network; another one may get its name.
        map_class: number of a class to locate; None to classify the picture.
    """

    picture: bytes
    network: str
    networks: Path
    version: float = 0.0
    map_class: int | None = None


class Recogniser:
    """Classifies pictures in a process, one after the other. It may be called from any thread."""

    def __init__(self, *, seconds: float = MAX_SECONDS) -> None:
        """Create a recogniser; its process starts with the first picture."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process = ServiceProcess("puppyslug-recogniser", run_recognition)
        self._cache: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._idle: threading.Timer | None = None

    def run(
        self, request: RecognitionRequest, should_stop: Callable[[], bool] = lambda: False
    ) -> Any:
        """Return what ``recognition_process.recognise`` returns for a request.

        Args:
            request: what to recognise.
            should_stop: asked while the process computes; true ends it, and the request fails.

        Raises:
            HTTPError: the network has no classes, or the process has failed.
        """
        key = (hashlib.sha256(request.picture).digest(), *request[1:])
        with self._lock:
            if key not in self._cache:
                self._cache[key] = self._call(request, should_stop)
                while len(self._cache) > MAX_CACHED:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(key)
            return self._cache[key]

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _call(self, request: RecognitionRequest, should_stop: Callable[[], bool]) -> Any:
        if self._idle is not None:
            self._idle.cancel()
        try:
            if should_stop():
                raise EOFError  # noqa: TRY301
            connection = self._process.connect()
            connection.send(request)
            deadline = time.monotonic() + self._seconds
            while not connection.poll(STOP_INTERVAL):
                if should_stop() or time.monotonic() > deadline:
                    raise EOFError  # noqa: TRY301
            result, error = connection.recv()
        except (EOFError, OSError) as failure:
            self._end()
            raise HTTPError(
                503, "what the network sees cannot be computed now; try again later", retry_after=30
            ) from failure
        self._idle = threading.Timer(IDLE_SECONDS, self.close)
        self._idle.daemon = True
        self._idle.start()
        if error:
            raise HTTPError(422, error)
        return result

    def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._process.end()

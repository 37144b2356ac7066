"""The main function of the process that dreams a camera's frames live."""

import contextlib
import io
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppyslug.errors import PuppyslugError
from puppyslug.networks.threads import configure_threads
from puppyslug.recipe.defaults import FILM_FPS
from puppyslug.studio.workers.live_protocol import (
    Change,
    Dreamt,
    Dropped,
    Frame,
    Record,
    Rejected,
    Start,
)

if TYPE_CHECKING:
    from puppyslug.live.frames import CapturedFrame, LiveFrame
    from puppyslug.studio.workers.live_recorder import LiveRecorder

NICENESS = (
    5  # somebody looks at it, so it has priority before dreams; the server has it before both
)
MAX_PIXELS = 2048 * 2048  # of a frame, checked before it is decoded
JPEG_QUALITY = 85


def run_live(connection: Connection, networks: Path) -> None:
    """Dream the frames that the server sends until it closes the connection.

    Args:
        connection: connection to the server.
        networks: folder of the trained networks.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server handles Ctrl-C
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    configure_threads()  # before torch is imported
    with contextlib.suppress(EOFError, OSError):
        LiveProcess(connection, networks).run()


class LiveProcess:
    """Dreams one stream after the other."""

    def __init__(self, connection: Connection, networks: Path) -> None:
        """Serve a connection."""
        self._connection, self._networks = connection, networks
        self._start: Start | None = None  # of the next stream
        self._changes: list[dict[str, Any]] = []
        self._current: tuple[bytes, float] | None = None  # frame without an answer, its arrival
        self._recorder: LiveRecorder | None = None
        self._recipe: Any = None

    def run(self) -> None:
        """Run until the connection is closed.

        Raises:
            EOFError: it is closed.
        """
        while True:
            while self._start is None:
                self._handle(self._connection.recv())
            start, self._start = self._start, None
            try:
                self._dream(start)
            except PuppyslugError as error:
                self._connection.send(Rejected(str(error)))
                if start.settings:  # the stream goes on with the default look
                    self._start = self._start or start._replace(settings={})

    def _dream(self, start: Start) -> None:
        from puppyslug.live.loop import dream_live

        self._recipe = None
        self._register(start.settings)
        frames = dream_live(self._captured(), start.settings, fps=start.fps, side=start.side)
        for frame in frames:
            self._answer(frame)
            while self._changes:
                changes = self._changes.pop(0)
                self._register(changes)
                rejected = frames.send(changes).rejected
                if rejected:
                    self._connection.send(Rejected(rejected))

    def _register(self, settings: dict[str, Any]) -> None:
        from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks

        FinetunedNetworks(self._networks).register_used(str(settings.get("network", "")))

    def _captured(self) -> "Iterator[CapturedFrame]":
        """Yield the frames that arrive, until another stream is to begin."""
        from puppyslug.live.frames import CapturedFrame

        self._drop_current()
        while self._start is None:
            message = self._connection.recv()
            if not isinstance(message, Frame):
                self._handle(message)
                continue
            arrival = time.monotonic()
            try:
                pixels = decode_frame(message.jpeg)
            except Exception:  # whatever a decoder raises: the stream goes on
                self._connection.send(Dropped(message.name, is_invalid=True))
                continue
            self._current = message.name, arrival
            yield CapturedFrame(arrival, pixels)
            self._drop_current()

    def _drop_current(self) -> None:
        """Say that a frame is left out, unless it was dreamt."""
        if self._current is not None:
            self._connection.send(Dropped(self._current[0], is_invalid=False))
            self._current = None

    def _answer(self, frame: "LiveFrame") -> None:
        assert self._current is not None
        (name, _), self._current = self._current, None
        if self._recorder is not None:
            self._recorder.add(frame.source.time, frame.pixels)
        settings = frame.recipe.to_settings() if frame.recipe != self._recipe else None
        self._recipe = frame.recipe
        jpeg = encode_frame(frame.pixels)
        self._connection.send(Dreamt(name, jpeg, frame.level, frame.latency, settings))

    def _handle(self, message: object) -> None:
        """Take note of what is not a frame."""
        match message:
            case Start():
                self._start = message
                if self._recorder is not None:  # of a browser that is gone
                    self._recorder.stop()
                    self._recorder = None
            case Change():
                self._changes.append(message.settings)
            case Record():
                self._record(message.folder)
            case Frame():
                self._connection.send(Dropped(message.name, is_invalid=False))

    def _record(self, folder: Path | None) -> None:
        from puppyslug.studio.workers.live_recorder import LiveRecorder

        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            self._connection.send(recorder.stop())
        if folder is not None:
            recipe = self._recipe.to_json() if self._recipe is not None else ""
            self._recorder = LiveRecorder(folder, fps=FILM_FPS, recipe=recipe)


def decode_frame(jpeg: bytes) -> Any:
    """Decode a JPEG to H×W×3 RGB, at the size at which frames are shown.

    Raises:
        Exception: it is no JPEG, damaged or too large.
    """
    import numpy as np
    from PIL import Image

    from puppyslug.live.sources import SHOWN_SIDE, fit_frame

    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError("the frame is too large")
        picture.draft("RGB", (SHOWN_SIDE, SHOWN_SIDE))
        return fit_frame(np.asarray(picture.convert("RGB")), SHOWN_SIDE)


def encode_frame(pixels: Any) -> bytes:
    """Encode H×W×3 RGB as JPEG."""
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=JPEG_QUALITY)
    return data.getvalue()

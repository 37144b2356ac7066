"""Films on a cluster: each segment is dreamt by one worker, and the driver stores the frames."""

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppyslug.cluster.payload import PreparedPayload
from puppyslug.cluster.worker_pool import WorkerPool
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.networks.network import Network
from puppyslug.video.film import FilmOptions, dream_segment
from puppyslug.video.frames import RenderedFrame, ResumeState
from puppyslug.video.segments import Segment


class VideoBuffer(io.RawIOBase):
    """A read-only file over a video in Ray's object store, without a copy."""

    def __init__(self, name: str, data: NDArray[np.uint8]) -> None:
        """Create a file from its name, for error messages, and its bytes."""
        self.name = name
        self._data = data.data
        self._position = 0

    def __str__(self) -> str:
        return self.name

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; see ``io.RawIOBase``."""
        chunk = self._data[self._position : self._position + len(buffer)]
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Change the position; see ``io.IOBase``."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._data)}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position


def dream_film_segments(
    pool: WorkerPool,
    prepared: PreparedDream,
    source: Path,
    parts: Mapping[str, Segment],
    load_state: Callable[[str], ResumeState],
    options: FilmOptions = FilmOptions(),  # noqa: B008 (a NamedTuple)
) -> Iterator[tuple[str, RenderedFrame]]:
    """Dream the segments of a film, each on one worker.

    Args:
        pool: the workers.
        prepared: the prepared dream.
        source: the film; only the driver needs access to it.
        parts: the segments, by their names in the checkpoint.
        load_state: returns the state after the last stored frame of a segment, where a lost
            worker's successor resumes.
        options: as in ``dream_segment``.

    Yields:
        The name of a segment, and its next frame.
    """
    payload = pool.backend.put(PreparedPayload.pack(prepared))
    film = pool.backend.put(np.fromfile(source, np.uint8))

    def make_job(part: str) -> tuple[Any, ...]:
        segment = parts[part]
        return _dream_segment, payload, source.name, film, segment, load_state(part), options

    return pool.stream(parts, make_job)


def _dream_segment(
    network: Network,
    payload: PreparedPayload,
    name: str,
    film: NDArray[np.uint8],
    segment: Segment,
    state: ResumeState,
    options: FilmOptions,
) -> Iterator[RenderedFrame]:
    source: Any = VideoBuffer(name, film)
    return dream_segment(payload.unpack(network), source, segment, state, options)

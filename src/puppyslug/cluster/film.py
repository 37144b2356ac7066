"""Films on a cluster: each segment on one worker, frames kept by the driver."""

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppyslug.cluster.payload import Sent
from puppyslug.cluster.worker_pool import Crew
from puppyslug.engine.preparation import Prepared
from puppyslug.networks.network import Network
from puppyslug.video.checkpoint import Made, State
from puppyslug.video.film import segment_frames
from puppyslug.video.segments import Segment


class FilmInMemory(io.RawIOBase):
    """A film's file as it lies in the object store, without a copy."""

    def __init__(self, name: str, data: NDArray[np.uint8]) -> None:
        """Take a film's name and bytes."""
        self.name = name
        self._data = data.data
        self._at = 0

    def __str__(self) -> str:
        return self.name

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See ``io.RawIOBase``."""
        part = self._data[self._at : self._at + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See ``io.IOBase``."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        """Where it is read next."""
        return self._at


def film_frames(
    crew: Crew,
    prepared: Prepared,
    source: Path,
    parts: Mapping[str, Segment],
    state: Callable[[str], State],
    *,
    by_flow: bool,
) -> Iterator[tuple[str, Made]]:
    """Dream the segments of a film, each on one worker, several at once.

    Args:
        crew: the workers.
        prepared: how to dream.
        source: the film; only the driver needs to have it.
        parts: the segments, by what their frames are called by.
        state: of the last frame of a part that is kept; what a lost worker had made besides is made
            again.
        by_flow: as in ``segment_frames``.

    Yields:
        The name of a part, and its next frame.
    """
    import ray

    sent, film = ray.put(Sent.of(prepared)), ray.put(np.fromfile(source, np.uint8))

    def start(part: str) -> tuple[Any, ...]:
        return _segment, sent, source.name, film, parts[part], state(part), by_flow

    return crew.stream(parts, start)


def _segment(
    network: Network,
    sent: Sent,
    name: str,
    film: NDArray[np.uint8],
    segment: Segment,
    state: State,
    by_flow: bool,
) -> Iterator[Made]:
    source: Any = FilmInMemory(name, film)
    return segment_frames(sent.on(network), source, segment, state, by_flow=by_flow)

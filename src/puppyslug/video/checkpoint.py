"""Frames kept beside a film that is being made, so that nothing is lost when it is cut short."""

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from puppyslug.errors import OutputError
from puppyslug.files.locks import release, take
from puppyslug.video.reader import Pixels

State = Mapping[str, NDArray[Any]]
PNG_LEVEL = 1  # fast: the frames go when the film is done
SHARE = 0.8  # of a frame's raw size that its PNG takes at most, in dreams


class Made(NamedTuple):
    """A frame as it is made.

    Attributes:
        pixels: H×W×3 RGB.
        state: all that the next frame needs to know.
    """

    pixels: Pixels
    state: State


class Journal:
    """A folder with the frames so far, what made them, and what the next one starts from."""

    def __init__(self, film: Path, job: Mapping[str, Any], *, fresh: bool = False) -> None:
        """Open the journal beside a film, or begin one.

        Args:
            film: the film's file.
            job: all that decides its frames, as JSON.
            fresh: throw away what an earlier run left.

        Raises:
            OutputError: frames of another job wait there, or the folder cannot be made.
        """
        self.folder = film.with_name(f"{film.name}.frames")
        # Through JSON and back, so that what is compared is what can be written.
        self._job = json.loads(json.dumps(job, sort_keys=True))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not take(self.folder / "lock"):
                raise OutputError(f"{film} is being made by another puppyslug; wait for it")
            if fresh:
                self._clear()
            note = self.folder / "job.json"
            if note.exists():
                self._compare(dict(json.loads(note.read_text(encoding="utf-8"))))
            else:
                self._write(note, json.dumps(self._job, indent=1).encode())
        except OSError as error:
            raise OutputError(
                f"{self.folder} cannot be used for frames: {error.strerror}"
            ) from error
        except (ValueError, TypeError, RecursionError) as error:
            raise OutputError(f"{self.folder} is damaged; start again with --force") from error

    def _compare(self, earlier: Mapping[str, Any]) -> None:
        names = sorted({*self._job, *earlier})
        other = [name for name in names if self._job.get(name) != earlier.get(name)]
        if other:
            raise OutputError(
                f"{self.folder} holds frames of an unfinished film with other settings "
                f"({', '.join(other)}); use the same settings to go on, another -o, or --force "
                "to start again"
            )

    def done(self, part: str = "") -> int:
        """How many frames of a part are whole."""
        return int(self._stored(part, only="frames").get("frames", 0))

    def state(self, part: str = "") -> State:
        """What the next frame of a part starts from; empty at its start."""
        stored = self._stored(part)
        return {name: stored[name] for name in stored if name != "frames"}

    def _stored(self, part: str, only: str | None = None) -> dict[str, NDArray[Any]]:
        """What is known of a part, or one thing of it; nothing where it has not begun."""
        path = self.folder / f"{part}state.npz"
        if not path.exists():
            return {}
        try:
            with np.load(path) as stored:
                state = {name: stored[name] for name in ([only] if only else stored.files)}
            int(state["frames"])
        except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise OutputError(f"{path} is damaged; start again with --force") from error
        return state

    def keep(self, number: int, made: Made, part: str = "") -> None:
        """Write a frame, then the state after it; either is there as a whole or not at all.

        Args:
            number: of the frame in its part, from 0.
            made: the frame.
            part: of the film, where its parts are made one by one.

        Raises:
            OutputError: the disk is full, or not to be written.
        """
        fine, data = cv2.imencode(
            ".png", made.pixels[..., ::-1], (cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL)
        )
        assert fine
        try:
            self._write(self._frame(number, part), data.tobytes())
            partial = self.folder / f"{part}state.part.npz"
            with partial.open("wb") as file:
                np.savez(file, frames=np.array(number + 1), **made.state)  # type: ignore[arg-type]
            partial.replace(self.folder / f"{part}state.npz")
        except OSError as error:
            raise OutputError(
                f"frame {number} cannot be kept in {self.folder}: {error.strerror}; make room, "
                "then run the same command to go on"
            ) from error

    def frames(self, count: int, part: str = "", first: int = 0) -> Iterator[Pixels]:
        """Read frames of a part back."""
        for number in range(first, first + count):
            path = self._frame(number, part)
            data = np.fromfile(path, np.uint8) if path.exists() else np.zeros(0, np.uint8)
            pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
            if pixels is None:
                raise OutputError(f"{path} is missing or damaged; start again with --force")
            yield np.ascontiguousarray(pixels[..., ::-1])

    def _clear(self) -> None:
        """Throw away what an earlier run left, but for the lock, which is ours."""
        for entry in self.folder.iterdir():
            if entry.name != "lock":
                entry.unlink()

    def remove(self) -> None:
        """Throw the frames away."""
        release(self.folder / "lock")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _frame(self, number: int, part: str) -> Path:
        return self.folder / f"{part}{number:06d}.png"

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        partial = path.with_name(f"{path.name}.part")
        partial.write_bytes(data)
        partial.replace(path)


def room_needed(size: tuple[int, int], frames: int) -> int:
    """Bytes of disk that a journal may take.

    Args:
        size: (height, width) of the frames.
        frames: how many.
    """
    raw = size[0] * size[1] * 3
    return round(frames * raw * SHARE) + 3 * 4 * raw

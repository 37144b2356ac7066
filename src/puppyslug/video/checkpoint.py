"""Rendered frames stored beside an unfinished film, so that an interrupted run can resume."""

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from puppyslug.errors import OutputError, option
from puppyslug.files.jobs import different_settings, normalise_job
from puppyslug.files.locks import acquire, release
from puppyslug.files.names import companion_name
from puppyslug.video.frames import Pixels, RenderedFrame, ResumeState

PNG_COMPRESSION = 1  # low, for speed: the frames are deleted when the film is complete
MAX_PNG_RATIO = 0.8  # largest size of a dream's PNG, relative to its raw size


class FrameCheckpoint:
    """The folder ``NAME.frames`` beside a film: its frames, its job, and the state to resume from.

    A film is rendered in one or more parts, each with frames and a state of its own; the name of a
    part is a prefix of its files' names.

    Attributes:
        folder: the folder.
    """

    def __init__(self, film: Path, job: Mapping[str, Any], *, restart: bool = False) -> None:
        """Open the checkpoint of a film, or create it.

        Args:
            film: path of the film.
            job: everything that determines the frames, as JSON.
            restart: whether to delete the frames of an earlier run.

        Raises:
            OutputError: the folder holds frames of another job, is damaged or cannot be created,
                or another process is rendering the film.
        """
        self.folder = film.with_name(companion_name(film.name, ".frames"))
        self._lock = self.folder / "lock"
        self._job = normalise_job(job)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not acquire(self._lock):
                raise OutputError(
                    f"{film} is being rendered by another puppyslug process; wait for it to finish"
                )
            if restart:
                self._delete_files()
            job_file = self.folder / "job.json"
            if job_file.exists():
                self._check_same_job(dict(json.loads(job_file.read_text(encoding="utf-8"))))
            else:
                self._write(job_file, json.dumps(self._job, indent=1).encode())
        except OSError as error:
            raise OutputError(
                f"cannot store frames in {self.folder}: {error.strerror}; make it writable"
            ) from error
        except (ValueError, TypeError, RecursionError) as error:
            raise _damaged(self.folder) from error

    @property
    def has_frames(self) -> bool:
        """Whether a frame of any part is stored."""
        return any(self.folder.glob("*state.npz"))

    def frame_count(self, part: str = "") -> int:
        """Return the number of complete frames of a part."""
        return int(self._read_state(part, only="frames").get("frames", 0))

    def load_state(self, part: str = "") -> ResumeState:
        """Load the state from which the next frame of a part is rendered; empty at its start."""
        stored = self._read_state(part)
        return {name: stored[name] for name in stored if name != "frames"}

    def load_frames(self, count: int, part: str = "", first: int = 0) -> Iterator[Pixels]:
        """Load consecutive frames of a part.

        Raises:
            OutputError: a frame is missing or damaged.
        """
        for number in range(first, first + count):
            path = self._frame_path(number, part)
            data = np.fromfile(path, np.uint8) if path.exists() else np.zeros(0, np.uint8)
            pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
            if pixels is None:
                raise _damaged(path)
            yield np.ascontiguousarray(pixels[..., ::-1])

    def save(self, number: int, frame: RenderedFrame, part: str = "") -> None:
        """Write a frame, then the state after it, each of them atomically.

        Args:
            number: index of the frame in its part.
            frame: the frame.
            part: name of the part.

        Raises:
            OutputError: the disk is full or not writable.
        """
        encoded, data = cv2.imencode(
            ".png", frame.pixels[..., ::-1], (cv2.IMWRITE_PNG_COMPRESSION, PNG_COMPRESSION)
        )
        assert encoded
        try:
            self._write(self._frame_path(number, part), data.tobytes())
            partial = self.folder / f"{part}state.part.npz"
            with partial.open("wb") as file:
                np.savez(file, frames=np.array(number + 1), **frame.state)  # type: ignore[arg-type]
            partial.replace(self._state_path(part))
        except OSError as error:
            raise OutputError(
                f"cannot store frame {number} in {self.folder}: {error.strerror}; free disk space, "
                "then run the same command to resume"
            ) from error

    def delete(self) -> None:
        """Delete the folder and its frames."""
        release(self._lock)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _check_same_job(self, stored: Mapping[str, Any]) -> None:
        different = different_settings(self._job, stored)
        if different:
            raise OutputError(
                f"{self.folder} holds frames of an unfinished film with other settings "
                f"({', '.join(different)}); use the same settings to resume it, another -o, or "
                f"{option('force')} to start again"
            )

    def _read_state(self, part: str, only: str | None = None) -> dict[str, NDArray[Any]]:
        """Read the stored state of a part, or one entry of it; empty before its first frame."""
        path = self._state_path(part)
        if not path.exists():
            return {}
        try:
            with np.load(path) as stored:
                state = {name: stored[name] for name in ([only] if only else stored.files)}
            int(state["frames"])
        except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise _damaged(path) from error
        return state

    def _delete_files(self) -> None:
        """Delete the frames of an earlier run, but not the lock, which this process holds."""
        for entry in self.folder.iterdir():
            if entry != self._lock:
                entry.unlink()

    def _frame_path(self, number: int, part: str) -> Path:
        return self.folder / f"{part}{number:06d}.png"

    def _state_path(self, part: str) -> Path:
        return self.folder / f"{part}state.npz"

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        partial = path.with_name(f"{path.name}.part")
        partial.write_bytes(data)
        partial.replace(path)


def disk_space_needed(size: tuple[int, int], frames: int) -> int:
    """Estimate the disk space that a checkpoint needs, in bytes.

    Args:
        size: (height, width) of the frames.
        frames: number of frames.
    """
    raw = size[0] * size[1] * 3
    return round(frames * raw * MAX_PNG_RATIO) + 3 * 4 * raw


def _damaged(path: Path) -> OutputError:
    return OutputError(f"{path} is missing or damaged; start again with {option('force')}")

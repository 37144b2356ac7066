"""The state of an unfinished picture, stored beside it, so that an interrupted dream can resume."""

import contextlib
import json
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from puppyslug.engine.progress import DreamStep
from puppyslug.engine.snapshot import DreamSnapshot
from puppyslug.errors import OutputError, PuppyslugError
from puppyslug.files.atomic import write_atomically
from puppyslug.files.hashing import file_sha256
from puppyslug.files.jobs import different_settings, normalise_job
from puppyslug.files.locks import acquire, release
from puppyslug.files.names import CHECKPOINT_ENDING, companion_name, is_folder
from puppyslug.recipe import InputFiles, Recipe

INTERVAL = 20.0  # seconds of work after which the state is stored
MAX_SHARE = 0.01  # of the time that may be spent on storing
LEAST_COST = 0.02  # seconds that storing takes at least, as assumed before the first time
WRITING_SPEED = 2e8  # bytes per second, likewise
_VALUES = "values"  # name of the JSON among the arrays
_UNREADABLE = (
    OSError, ValueError, EOFError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile,
    PuppyslugError,
)  # fmt: skip


class DreamCheckpoint:
    """The folder ``NAME.checkpoint`` beside a picture: its job, its resolved recipe and its state.

    It is created when there is something worth storing, so short dreams leave no trace.

    Attributes:
        output: path of the picture.
        folder: the folder.
        snapshot: the state to go on from, which ``load`` has found; None for the beginning.
    """

    def __init__(self, output: Path, job: Mapping[str, Any]) -> None:
        """Describe the checkpoint of a picture; nothing is read or written yet.

        Args:
            output: path of the picture.
            job: everything that determines the picture, as JSON; see ``describe_job``.
        """
        self.output = output
        self.folder = output.with_name(companion_name(output.name, CHECKPOINT_ENDING))
        self.snapshot: DreamSnapshot | None = None
        self._job = normalise_job(job)
        self._lock = self.folder / "lock"
        self._state = self.folder / "state.npz"
        self._resolved: Recipe | None = None
        self._stored_at = 0.0
        self._seconds_per_byte = 1 / WRITING_SPEED

    @property
    def is_busy(self) -> bool:
        """Whether another process is dreaming this picture."""
        if not is_folder(self.folder):
            return False
        try:
            return not acquire(self._lock)
        except OSError:
            return False
        finally:
            release(self._lock)

    @property
    def may_replace_output(self) -> bool:
        """Whether the picture's file is what an interrupted run of the same job has saved."""
        try:
            stored = (self.folder / "interrupted.sha256").read_text(encoding="utf-8")
            return self._read_job()["job"] == self._job and stored == file_sha256(self.output)
        except _UNREADABLE:
            return False

    def load(self) -> Recipe | None:
        """Load the state of an interrupted run, if there is one, into ``snapshot``.

        Returns:
            The recipe that the interrupted run has resolved; None if there is nothing to resume.

        Raises:
            OutputError: it cannot be resumed, because it is another job's or is damaged, or because
                another process is dreaming this picture (``is_busy``).
        """
        if not is_folder(self.folder):
            return None
        if self.is_busy:
            raise OutputError(
                f"{self.output} is being dreamt by another puppyslug process; wait for it to "
                "finish, or name another file"
            )
        try:
            acquire(self._lock)
            stored = self._read_job()
            self._check_same_job(dict(stored["job"]))
            if not self._state.exists():  # it was interrupted before anything was stored
                return None
            recipe = Recipe.from_json(json.dumps(stored["recipe"]))
            self.snapshot = _read_snapshot(self._state)
        except OutputError:
            raise
        except _UNREADABLE as error:
            raise OutputError(f"{self.folder} is damaged") from error
        return recipe

    def start(self, resolved: Recipe) -> None:
        """Start to count the time until the state is stored.

        Args:
            resolved: the recipe of the prepared dream.
        """
        self._resolved = resolved
        self._stored_at = time.monotonic()

    def offer(self, step: DreamStep, take_snapshot: Callable[[], DreamSnapshot]) -> bool:
        """Store the state after a step, if enough work has been done since the last time.

        That is the case after ``INTERVAL`` and at the end of an octave, as long as storing takes no
        more than ``MAX_SHARE`` of the time.

        Returns:
            Whether it was stored.

        Raises:
            OutputError: it cannot be stored.
        """
        if step.is_last or step.number == step.recipe.stop_after:
            return False  # the picture is about to be saved
        start, size = time.monotonic(), step.image.nbytes
        ends_octave = step.step + 1 == step.steps
        pause = max(LEAST_COST, size * self._seconds_per_byte) / MAX_SHARE
        if start - self._stored_at < (pause if ends_octave else max(pause, INTERVAL)):
            return False
        self._store(take_snapshot())
        self._stored_at = time.monotonic()
        self._seconds_per_byte = (self._stored_at - start) / size
        return True

    def mark_interrupted(self) -> None:
        """Remember the file that has been saved, so that the finished picture may replace it.

        Raises:
            OutputError: the folder cannot be written.
        """
        self._open_folder()
        digest = file_sha256(self.output).encode()
        write_atomically(self.folder / "interrupted.sha256", digest)
        release(self._lock)

    def delete(self) -> None:
        """Delete the folder, unless another process uses it."""
        self.snapshot = None
        with contextlib.suppress(OSError):
            if is_folder(self.folder) and acquire(self._lock):
                release(self._lock)
                shutil.rmtree(self.folder, ignore_errors=True)

    def _check_same_job(self, stored: Mapping[str, Any]) -> None:
        different = different_settings(self._job, stored)
        if different:
            raise OutputError(
                f"{self.folder} is of an unfinished dream with another {', '.join(different)}"
            )

    def _read_job(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "job.json").read_text(encoding="utf-8")))

    def _open_folder(self) -> None:
        """Create the folder, unless it is this job's, and acquire its lock."""
        assert self._resolved is not None
        try:
            self.folder.mkdir(exist_ok=True)
            if not acquire(self._lock):
                raise OutputError(f"another puppyslug process uses {self.folder}")
        except OSError as error:
            raise OutputError(f"{self.folder} cannot be written: {error.strerror}") from error
        job = {"job": self._job, "recipe": json.loads(self._resolved.to_json())}
        write_atomically(self.folder / "job.json", json.dumps(job, indent=1).encode())

    def _store(self, snapshot: DreamSnapshot) -> None:
        self._open_folder()
        strides = {name: one.stride() for name, one in snapshot.tensors.items()}
        text = json.dumps({**snapshot.values, "strides": strides})
        arrays = {name: one.numpy() for name, one in snapshot.tensors.items()}
        partial = self.folder / "state.part.npz"
        try:
            with partial.open("wb") as file:
                np.savez(file, **arrays, **{_VALUES: np.frombuffer(text.encode(), np.uint8)})  # type: ignore[arg-type]
            partial.replace(self._state)
        except OSError as error:
            raise OutputError(f"{self._state} cannot be written: {error.strerror}") from error


def describe_job(recipe: Recipe, source: str | Path, files: InputFiles) -> dict[str, Any]:
    """Return everything that determines a picture: settings, files and versions, as JSON.

    Weights and names of classes are compared by the recipe that a dream resolves, which holds their
    hashes.

    Args:
        recipe: the recipe before preparation.
        source: the photo, or the name of a starting image.
        files: mask, guides, weights and labels.
    """
    return {
        **json.loads(recipe.to_json()),
        "photo": _identify(source),
        **({} if files.mask is None else {"mask": _identify(files.mask)}),
        "guide": {name: _identify(guide) for name, guide in files.guides.items()},
        "weights": str(files.weights),
        "labels": str(files.labels),
        "version of puppyslug": version("puppyslug"),
        "version of torch": version("torch"),
    }


def _identify(source: object) -> str:
    """Return the hash of a file, or the name of what is no file."""
    if isinstance(source, Path) and source.is_file():
        return file_sha256(source)
    return str(source)


def _read_snapshot(path: Path) -> DreamSnapshot:
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    values = dict(json.loads(arrays.pop(_VALUES).tobytes()))
    strides = dict(values.pop("strides"))
    tensors = {name: _to_tensor(array, strides[name]) for name, array in arrays.items()}
    return DreamSnapshot(tensors, values)


def _to_tensor(array: np.ndarray[Any, Any], strides: list[int]) -> Tensor:
    """Copy an array to a tensor of the same layout, on which the rounding of sums depends."""
    values = torch.from_numpy(array)
    layout = torch.empty_strided(values.shape, strides, dtype=values.dtype)
    return torch.empty_like(layout).copy_(values)

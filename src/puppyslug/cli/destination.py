"""Output files: default names, checks before any work starts, and saving without loss."""

import contextlib
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.cli.messages import print_message
from puppyslug.errors import OutputError
from puppyslug.files.names import is_folder, shorten_name

if TYPE_CHECKING:
    from PIL import Image

MAX_STEM_BYTES = 200  # file names are limited to 255 bytes


def is_unused(path: Path) -> bool:
    """Return whether nothing exists at a path."""
    return not os.path.lexists(path)


def unused_paths(
    folder: Path,
    stem: str,
    suffix: str = ".png",
    reserved: set[Path] | None = None,
    is_free: Callable[[Path], bool] = is_unused,
) -> Iterator[Path]:
    """Yield paths at which no file exists: ``stem.png``, ``stem-2.png`` and so on.

    Args:
        folder: folder of the files.
        stem: their name without number and suffix.
        suffix: their suffix.
        reserved: paths of files that are still to be written; every yielded path is added.
        is_free: whether a file may be written to a path.
    """
    reserved = set() if reserved is None else reserved
    number = 1
    stem = shorten_name(stem, MAX_STEM_BYTES, Path(stem).suffix)
    while True:
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        if path not in reserved and is_free(path):
            reserved.add(path)
            yield path
        number += 1


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl-C while a file is being saved."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Destination:
    """The file that one result is saved to: a given path, or the next unused name in a folder.

    Attributes:
        path: path of the file.
    """

    def __init__(self, file: Path | None, candidates: Iterator[Path], *, overwrite: bool) -> None:
        """Create a destination from ``file``, or from the first of ``candidates`` if it is None."""
        self._candidates = candidates
        self._is_explicit = file is not None
        self._overwrite = overwrite
        self.path = file or next(candidates)

    @classmethod
    def from_option(
        cls,
        output: Path | None,
        *,
        folder: Path,
        stem: str,
        suffix: str = ".png",
        overwrite: bool = False,
        reserved: set[Path] | None = None,
        is_free: Callable[[Path], bool] = is_unused,
    ) -> "Destination":
        """Choose the file from the option ``-o``, and check that it can be written.

        Args:
            output: value of the option: a file, an existing folder, or None.
            folder: folder of the file if ``output`` is None.
            stem: default name of the file, without its suffix.
            suffix: suffix of the default name.
            overwrite: whether an existing file may be replaced.
            reserved: as in ``unused_paths``, if several results are saved at the same time.
            is_free: whether a file may be written to a path, even if there is one.

        Raises:
            OutputError: the file cannot be written.
        """
        from puppyslug.images import validate_output_path

        if output is not None and is_folder(output):
            folder, output = output, None
        candidates = unused_paths(folder, stem, suffix, reserved, is_free)
        destination = cls(output, candidates, overwrite=overwrite)
        if os.path.lexists(destination.path) and is_free(destination.path):
            destination._overwrite = True
        validate_output_path(destination.path, overwrite=destination._overwrite)
        return destination

    @property
    def folder(self) -> Path:
        """The folder of the file."""
        return self.path.parent

    def check_not_input(self, *inputs: object) -> None:
        """Check that the result would not replace a file that is read.

        Args:
            inputs: paths of the files; anything else is ignored.

        Raises:
            OutputError: it would replace one of them.
        """
        for path in inputs:
            if not isinstance(path, Path) or not (self.path.exists() and path.exists()):
                continue
            if self.path.samefile(path):
                raise OutputError(f"{self.path} is an input file; choose another output file")

    def save(
        self, picture: "Image.Image", recipe_text: str | None = None, *, quiet: bool = False
    ) -> Path:
        """Write the result and print its path on standard output.

        If the file cannot be written, the picture is saved to a temporary folder, which the error
        names.

        Args:
            picture: the result.
            recipe_text: as in ``save_image``.
            quiet: whether to print no notices.

        Returns:
            Path of the file.

        Raises:
            OutputError: the file cannot be written.
        """
        from puppyslug.images import save_image

        def save(path: Path) -> list[str]:
            return save_image(picture, path, recipe_text=recipe_text, overwrite=self._overwrite)

        try:
            with _interrupts_ignored():
                notices = save(self.path)
        except OutputError as error:
            taken = not self._is_explicit and not self._overwrite and self.path.exists()
            if taken:  # by another process
                self.path = next(self._candidates)
                return self.save(picture, recipe_text, quiet=quiet)
            raise saved_temporarily(error, f"{self.path.stem}.png", "picture", save) from error
        for notice in notices:
            print_message(notice, quiet=quiet)
        print(self.path)
        return self.path


def saved_temporarily(
    error: OutputError, name: str, kind: str, save: Callable[[Path], object]
) -> OutputError:
    """Save a result, which cannot be written where it should be, to a new temporary folder.

    Args:
        error: why it could not be written.
        name: name of the file, which is shortened if necessary.
        kind: what the result is, for the message.
        save: writes the result to a path.

    Returns:
        The error, which names the file; ``error`` itself if the temporary folder cannot be
        written, either.
    """
    suffix = Path(name).suffix
    stem = shorten_name(name.removesuffix(suffix), MAX_STEM_BYTES)
    try:
        path = Path(tempfile.mkdtemp(prefix="puppyslug-")) / f"{stem}{suffix}"
    except OSError:
        return error
    try:
        with _interrupts_ignored():
            save(path)
    except (OutputError, OSError):
        shutil.rmtree(path.parent, ignore_errors=True)
        return error
    return OutputError(f"{error}; the {kind} was saved as {path} instead")

"""Where results go: names that are free, refusals before any work, nothing ever lost."""

import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.errors import OutputError

if TYPE_CHECKING:
    from PIL import Image


def say(message: str, *, quiet: bool = False) -> None:
    """Tell the user something on standard error."""
    if not quiet:
        print(printable(message), file=sys.stderr)


def printable(message: str) -> str:
    """A message on one line, whatever a file's name holds."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)


def fresh_names(
    folder: Path, stem: str, suffix: str = ".png", taken: set[Path] | None = None
) -> Iterator[Path]:
    """Names that no file has: ``stem.png``, ``stem-2.png`` and so on.

    Args:
        folder: of the files.
        stem: their name without number and suffix.
        suffix: their suffix.
        taken: names that files are going to have; whatever is yielded goes there.
    """
    taken = set() if taken is None else taken
    number = 1
    stem = os.fsdecode(os.fsencode(stem)[:200])  # a name has room for 255 bytes
    while True:
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        if path not in taken and not os.path.lexists(path):
            taken.add(path)
            yield path
        number += 1


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C wait: what is being saved is saved."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Destination:
    """Where one result goes: an explicit file, or the next free name in a folder.

    Attributes:
        path: the file that the result will get.
    """

    def __init__(self, file: Path | None, names: Iterator[Path], *, force: bool) -> None:
        """Take ``file``, or the first of ``names`` where it is None."""
        self._names = names
        self._named = file is not None
        self._force = force
        self.path = file or next(names)

    @classmethod
    def choose(
        cls,
        output: Path | None,
        *,
        beside: Path,
        stem: str,
        suffix: str = ".png",
        force: bool = False,
        taken: set[Path] | None = None,
    ) -> "Destination":
        """Decide from ``-o`` and refuse what cannot be written.

        Args:
            output: what the user gave: a file, an existing folder, or None.
            beside: the folder for a result without ``-o``.
            stem: the result's default name without suffix.
            suffix: the default name's suffix.
            force: whether the file may exist.
            taken: as in ``fresh_names``, for results that are on their way at the same time.

        Raises:
            OutputError: the result could not be written there.
        """
        from puppyslug.images import check_output

        folder = output if output is not None and output.is_dir() else beside
        file = None if output is None or output.is_dir() else output
        destination = cls(file, fresh_names(folder, stem, suffix, taken), force=force)
        check_output(destination.path, overwrite=force)
        return destination

    @property
    def folder(self) -> Path:
        """The folder that the result will get into."""
        return self.path.parent

    def refuse(self, source: Path) -> None:
        """Refuse to write over the picture that is read.

        Raises:
            OutputError: the result would replace it.
        """
        if self.path.exists() and source.exists() and self.path.samefile(source):
            raise OutputError(f"{self.path} is a picture that is read for this; name another file")

    def save(
        self, picture: "Image.Image", recipe_text: str | None = None, *, quiet: bool = False
    ) -> Path:
        """Write the result and print its name on standard output.

        A result that cannot be written where it was asked for goes to the folder for temporary
        files, and the error says so.

        Returns:
            The file.

        Raises:
            OutputError: nothing could be written where it was asked for.
        """
        from puppyslug.images import save_image

        try:
            with _uninterrupted():
                notices = save_image(
                    picture, self.path, recipe_text=recipe_text, overwrite=self._force
                )
        except OutputError as error:
            if not self._named and self.path.exists():  # somebody else took the name meanwhile
                self.path = next(self._names)
                return self.save(picture, recipe_text, quiet=quiet)
            rescued = Path(tempfile.mkdtemp(prefix="puppyslug-")) / f"{self.path.stem}.png"
            try:
                save_image(picture, rescued, recipe_text=recipe_text)
            except OutputError:  # that disk is full too
                rescued.parent.rmdir()
                raise error from None
            raise OutputError(f"{error}; the picture is kept as {rescued}") from error
        for notice in notices:
            say(notice, quiet=quiet)
        print(self.path)
        return self.path

"""The networks that were taught in a studio: files in its own folder, known by name alone."""

import re
import unicodedata
from pathlib import Path

from puppyslug.errors import NetworkError
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.networks.finetuned import SUFFIX, own_files_in, remember
from puppyslug.studio.http_errors import RefusedError

_NAME = re.compile(r"[^\W_](?:[\w .-]{0,58}[\w-])?")


class Networks:
    """A folder of taught networks. Nothing here imports torch."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self._folder = folder
        self._seen: dict[str, tuple[int, int]] = {}  # time and size of a file that was read

    def path(self, file: str) -> Path | None:
        """Where a network's file is; None where there is none of exactly this name."""
        return next((path for path in self._files() if path.name == file), None)

    def specs(self) -> list[NetworkSpec]:
        """All networks that can be read, by name."""
        found = []
        for path in self._files():
            try:
                found.append(self._read(path))
            except NetworkError:  # damaged, or somebody else's
                continue
        return found

    def check(self, network: str) -> None:
        """Have the taught networks in a network's name known, or refuse them.

        Args:
            network: as a recipe names it; folders in it mean nothing.

        Raises:
            RefusedError: one of them is not in this studio.
            NetworkError: one of them is damaged.
        """
        for name in own_files_in(network):
            path = self.path(name)
            if path is None:
                raise RefusedError(
                    422, f"the network {name[:80]} is not in this studio, or not any more; teach it"
                )
            self._read(path)

    def taken(self, file: str) -> str | None:
        """The file that already has a name, in any case; None for a name that is free."""
        wanted = file.casefold()
        return next((p.name for p in self._files() if p.name.casefold() == wanted), None)

    def remove(self, file: str) -> bool:
        """Delete a network; whether there was one."""
        path = self.path(file)
        if path is None:
            return False
        path.unlink(missing_ok=True)
        return True

    def _files(self) -> list[Path]:
        return sorted(p for p in self._folder.glob(f"*{SUFFIX}") if not p.name.startswith("."))

    def _read(self, path: Path) -> NetworkSpec:
        status = path.stat()
        seen = (status.st_mtime_ns, status.st_size)
        if self._seen.get(path.name) != seen:
            remember(path)
            self._seen[path.name] = seen
        return find_spec(path.name)


def file_of(name: str) -> str:
    """The file of a network that somebody names.

    Args:
        name: with or without the ending; never a path.

    Raises:
        RefusedError: it cannot be one of a file everywhere.
    """
    plain = unicodedata.normalize("NFC", " ".join(name.split()))
    plain = plain[: -len(SUFFIX)] if plain.lower().endswith(SUFFIX) else plain
    if not _NAME.fullmatch(plain):
        raise RefusedError(
            422,
            f"a network cannot be called {name[:80]!r}; take letters, digits, blanks, dots and "
            "dashes, 60 at most, with a letter or digit first",
        )
    return plain + SUFFIX

"""The networks that were trained in a studio: files in its own folder, known by name only."""

import re
import unicodedata
from pathlib import Path

from puppyslug.errors import NetworkError
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.networks.finetuned import (
    FINETUNED_SUFFIX,
    finetuned_names_in,
    register_finetuned_file,
)
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import is_own_file

_NAME = re.compile(r"[^\W_](?:[\w .-]{0,58}[\w-])?")
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin|conout|(?:com|lpt)[0-9¹²³])(?:[ .].*)?")


class FinetunedNetworks:
    """A folder of trained networks. It reads file headers only and does not import torch.

    Attributes:
        folder: the folder.
    """

    def __init__(self, folder: Path) -> None:
        """Use a folder, which may be empty."""
        self.folder = folder
        self._registered: dict[str, tuple[int, int]] = {}  # name → modification time and size

    def find(self, file: str) -> Path | None:
        """Return the path of a network; None if there is no file of exactly this name."""
        return next((path for path in self._paths() if path.name == file), None)

    def find_conflict(self, file: str) -> str | None:
        """Return the existing file with this name, ignoring case; None if the name is free."""
        folded = file.casefold()
        return next((p.name for p in self._paths() if p.name.casefold() == folded), None)

    def list_specs(self) -> list[NetworkSpec]:
        """Register all readable networks and return their specs, sorted by name."""
        specs = []
        for path in self._paths():
            try:
                specs.append(self._register(path))
            except NetworkError:  # damaged, or not a puppyslug file
                continue
        return specs

    def register_used(self, network: str) -> None:
        """Register the trained networks that a network name refers to, so that it can be loaded.

        Args:
            network: network name of a recipe, of an ensemble too; any folders in it are ignored.

        Raises:
            HTTPError: one of them is not in this studio.
            NetworkError: one of them is damaged.
        """
        for name in finetuned_names_in(network):
            path = self.find(name)
            if path is None:
                raise HTTPError(
                    422,
                    f"the network {name[:80]} is not in this studio; train it on the page Teach, "
                    "or choose another network",
                )
            self._register(path)

    def delete(self, file: str) -> bool:
        """Delete a network; return whether it existed."""
        path = self.find(file)
        if path is None:
            return False
        path.unlink(missing_ok=True)
        return True

    def _paths(self) -> list[Path]:
        """Return the files of all networks; links, which may lead elsewhere, are ignored."""
        return sorted(
            path
            for path in self.folder.glob(f"*{FINETUNED_SUFFIX}")
            if not path.name.startswith(".") and is_own_file(path)
        )

    def _register(self, path: Path) -> NetworkSpec:
        status = path.stat()
        version = (status.st_mtime_ns, status.st_size)
        if self._registered.get(path.name) != version:
            register_finetuned_file(path)
            self._registered[path.name] = version
        return find_spec(path.name)


def network_file_name(name: str) -> str:
    """Return the file name of a network that the user names.

    Args:
        name: with or without suffix; not a path.

    Raises:
        HTTPError: the name is not a valid file name on every platform.
    """
    plain = unicodedata.normalize("NFC", " ".join(name.split()))
    plain = plain[: -len(FINETUNED_SUFFIX)] if plain.lower().endswith(FINETUNED_SUFFIX) else plain
    if _WINDOWS_DEVICE.fullmatch(plain.casefold()):
        raise HTTPError(
            422, f"{plain[:80]!r} is the name of a device on Windows; choose another name"
        )
    if not plain:
        raise HTTPError(422, "the network has no name; enter one, such as my pets")
    if not _NAME.fullmatch(plain):
        raise HTTPError(
            422,
            f"{name[:80]!r} is not a valid network name; use at most 60 letters, digits, spaces, "
            "dots and hyphens, starting with a letter or digit",
        )
    return plain + FINETUNED_SUFFIX

"""What a lesson notes down as it goes, so that it can go on where it was interrupted."""

import contextlib
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from puppyslug.errors import TeachingError
from puppyslug.files.atomic import write_whole


class Notes:
    """The state of an unfinished lesson, in a file beside its network's."""

    def __init__(self, output: Path) -> None:
        """Take the network's file."""
        self.path = output.with_name(f".{output.name}.lesson")

    def read(self) -> dict[str, Tensor] | None:
        """What was noted; None where nothing was.

        Raises:
            TeachingError: it is damaged.
        """
        if not self.path.exists():
            return None
        try:
            return load_file(self.path)
        except (OSError, SafetensorError) as error:
            raise TeachingError(f"{self.path} is damaged; teach again without --resume") from error

    def write(self, state: dict[str, Tensor]) -> None:
        """Note a state down.

        Raises:
            OutputError: there is no room.
        """
        write_whole(self.path, save(state))

    def remove(self) -> None:
        """The lesson is over."""
        with contextlib.suppress(OSError):
            self.path.unlink()

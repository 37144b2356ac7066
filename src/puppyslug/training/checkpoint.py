"""The checkpoint of an unfinished training run, from which it can resume."""

import contextlib
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from puppyslug.errors import TrainingError, option
from puppyslug.files.atomic import write_atomically


class TrainingCheckpoint:
    """A hidden file beside the output file of a training run.

    Attributes:
        path: the file.
    """

    def __init__(self, output: Path) -> None:
        """Derive the path from that of the output file."""
        self.path = output.with_name(f".{output.name}.lesson")

    def read(self) -> dict[str, Tensor] | None:
        """Read the tensors, or return None where there is no checkpoint.

        Raises:
            TrainingError: the file is damaged.
        """
        if not self.path.exists():
            return None
        try:
            return load_file(self.path)
        except (OSError, SafetensorError) as error:
            raise TrainingError(
                f"{self.path} is damaged; repeat it without {option('resume')}"
            ) from error

    def write(self, tensors: dict[str, Tensor]) -> None:
        """Write the tensors.

        Raises:
            OutputError: the file cannot be written.
        """
        write_atomically(self.path, save(tensors))

    def remove(self) -> None:
        """Delete the file, if it exists."""
        with contextlib.suppress(OSError):
            self.path.unlink()

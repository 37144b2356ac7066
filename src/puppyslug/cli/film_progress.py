"""Progress of a film: a bar in a terminal, and the latest frame as an image beside the film."""

from pathlib import Path
from typing import TYPE_CHECKING, Self

from puppyslug.cli.messages import format_duration
from puppyslug.cli.progress_bar import FrameBar
from puppyslug.engine.remaining_time import RemainingTime
from puppyslug.errors import OutputError

if TYPE_CHECKING:
    from puppyslug.video.frames import Pixels


class FilmProgress:
    """Counts the frames of a film and shows them.

    Attributes:
        done: number of frames that are stored.
    """

    def __init__(self, output: Path, latest: Path, frames: int, done: int, *, quiet: bool) -> None:
        """Show the progress of a film.

        Args:
            output: path of the film.
            latest: image file that is replaced by every new frame.
            frames: number of frames.
            done: number of frames that an interrupted run has stored.
            quiet: whether to show no bar.
        """
        self.done = done
        self._frames = frames
        self._latest = latest
        self._bar = FrameBar(output.name, frames, quiet=quiet)
        self._remaining = RemainingTime()

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(*error)

    def add_frame(self, pixels: "Pixels") -> None:
        """Count a stored frame, and write it to the image file.

        Raises:
            OutputError: the image cannot be written.
        """
        self.done += 1
        self._write_latest(pixels)
        status = f"frame {self.done}/{self._frames}"
        self._remaining.add(self.done / self._frames)
        speed, seconds = self._remaining.speed, self._remaining.seconds
        if speed is not None and seconds is not None:
            status += f"  {speed * self._frames:.2f} fps  {format_duration(seconds)} left"
        self._bar.update(self.done, status)

    def _write_latest(self, pixels: "Pixels") -> None:
        from PIL import Image

        partial = self._latest.with_suffix(".part")
        try:
            Image.fromarray(pixels).save(partial, "PNG", compress_level=1)
            partial.replace(self._latest)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise OutputError(f"{self._latest} cannot be written: {error.strerror}") from error

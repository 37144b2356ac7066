"""Progress bars on standard error, shown only in a terminal. Rich is imported when needed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from puppyslug.cli.messages import escape_control_characters

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from puppyslug.engine.progress import DreamStep

MAX_LABEL_LENGTH = 20  # characters


class _BaseBar:
    """A context manager that shows a bar and removes it on exit."""

    def __init__(
        self, label: str, *, total: float | None, quiet: bool, columns: "list[ProgressColumn]"
    ) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        label = escape_control_characters(label)
        if len(label) > MAX_LABEL_LENGTH:
            label = label[: MAX_LABEL_LENGTH - 1] + "…"
        self._label = label
        self._progress: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            *columns,
            console=Console(stderr=True),
            transient=True,
            expand=True,
            disable=quiet or not sys.stderr.isatty(),
            redirect_stdout=sys.stdout.isatty(),  # otherwise file names would go to this console
        )
        self._task = self._progress.add_task(label, total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


class ProgressBar(_BaseBar):
    """A bar with the percentage and the remaining time."""

    def __init__(self, label: str, *, quiet: bool) -> None:
        """Create a bar.

        Args:
            label: name of the work, shown before the bar.
            quiet: whether to show nothing.
        """
        from rich.progress import TextColumn, TimeRemainingColumn

        columns = [
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
        ]
        super().__init__(label, total=1.0, quiet=quiet, columns=columns)

    def update(self, fraction: float, description: str) -> None:
        """Show the completed fraction of the work, and what is being done."""
        text = f"{self._label}  {description}"
        self._progress.update(self._task, completed=fraction, description=text)

    def show_step(self, step: "DreamStep") -> None:
        """Show the octave, step and score of a dream."""
        self.update(
            step.fraction,
            f"octave {step.octave + 1}/{step.octaves}  step {step.step + 1}/{step.steps}  "
            f"score {step.score:.3g}",
        )


class DownloadBar(_BaseBar):
    """A bar with the downloaded and total size of a file."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        """Create a bar for a file."""
        from rich.progress import DownloadColumn

        super().__init__(Path(name).name, total=None, quiet=quiet, columns=[DownloadColumn()])

    def update(self, done: int, total: int) -> None:
        """Show the downloaded and total bytes; 0 if the total is unknown."""
        self._progress.update(self._task, completed=done, total=total or None)


class FrameBar(_BaseBar):
    """A bar with the frame rate and the remaining time of a film."""

    def __init__(self, label: str, frames: int, *, quiet: bool) -> None:
        """Create a bar for a number of frames."""
        from rich.progress import TextColumn

        column = TextColumn("{task.fields[status]}", markup=False)
        super().__init__(label, total=frames, quiet=quiet, columns=[column])
        self.update(0, "the first frame")

    def update(self, done: int, status: str) -> None:
        """Show the number of finished frames, and a status text."""
        self._progress.update(self._task, completed=done, status=status)

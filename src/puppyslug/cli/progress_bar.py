"""Progress bars on standard error, shown only in a terminal. Rich is imported when needed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from puppyslug.cli.messages import escape_control_characters
from puppyslug.engine.remaining_time import RemainingTime

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
        from rich.progress import TextColumn

        self._remaining = RemainingTime()
        columns = [
            TextColumn("{task.percentage:>3.0f} %"),
            _remaining_column(self._remaining),
            TextColumn("left"),
        ]
        super().__init__(label, total=1.0, quiet=quiet, columns=columns)

    def update(self, fraction: float, description: str) -> None:
        """Show the completed fraction of the work, and what is being done."""
        self._remaining.add(fraction)
        text = f"{self._label}  {description}"
        self._progress.update(self._task, completed=fraction, description=text)

    def show_step(self, step: "DreamStep") -> None:
        """Show the octave, step and score of a dream."""
        self.update(
            step.fraction,
            f"octave {step.octave + 1}/{step.octaves}  step {step.step + 1}/{step.steps}  "
            f"score {step.score:.3g}",
        )


def _remaining_column(remaining: RemainingTime) -> "ProgressColumn":
    """Return a column that counts the remaining time down between two steps."""
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class RemainingColumn(ProgressColumn):
        max_refresh = 0.5  # seconds

        def render(self, _task: Task) -> Text:
            return Text(format_clock(remaining.seconds), style="progress.remaining")

    return RemainingColumn()


def format_clock(seconds: float | None) -> str:
    """Format a duration as M:SS or H:MM:SS; None as ``-:--``."""
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


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

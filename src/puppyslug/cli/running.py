"""Runs a prepared dream to its end with a progress bar, and keeps what Ctrl-C interrupts."""

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from puppyslug.cli.outputs import Destination, say

if TYPE_CHECKING:
    from puppyslug.dreaming import DreamStep
    from puppyslug.preparation import Prepared

INTERRUPTED = 130


def follow(prepared: "Prepared", label: str, *, quiet: bool) -> "tuple[DreamStep | None, bool]":
    """Dream, and show the octave, step, score and time left where standard error is a terminal.

    Args:
        prepared: what to dream.
        label: what to call it beside the bar.
        quiet: show nothing.

    Returns:
        The last step that was done, None if Ctrl-C came before the first; and whether it came.
    """
    from puppyslug.dreaming import dream_steps

    last = None
    bar = Bar(label) if not quiet and sys.stderr.isatty() else None
    try:
        with bar or nullcontext():
            for last in dream_steps(prepared.image, prepared.recipe, prepared.network):
                if bar is not None:
                    bar.show(last)
    except KeyboardInterrupt:
        return last, True
    return last, False


def deliver(
    prepared: "Prepared", destination: Destination, label: str, *, no_recipe: bool, quiet: bool
) -> int:
    """Dream and save the dream with its recipe.

    Returns:
        0, or 130 where Ctrl-C came; what was dreamt by then is saved all the same, with a recipe
        that stops at the same step.
    """
    from puppyslug.images import to_pil

    step, interrupted = follow(prepared, label, quiet=quiet)
    if step is None:
        say("interrupted before the first step: nothing to save", quiet=quiet)
        return INTERRUPTED
    recipe = step.recipe
    if interrupted:
        recipe = recipe.with_settings({"stop_after": step.number})
        say(
            f"interrupted in octave {step.octave + 1} of {step.octaves}; the dream so far:",
            quiet=quiet,
        )
    picture = to_pil(step.picture(), prepared.alpha)
    destination.save(picture, None if no_recipe else recipe.to_json(), quiet=quiet)
    return INTERRUPTED if interrupted else 0


class Bar:
    """A progress bar on standard error."""

    def __init__(self, label: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=Console(stderr=True),
            transient=True,
            expand=True,
        )
        self._label = label if len(label) <= 20 else label[:19] + "…"
        self._task = self._progress.add_task(self._label, total=1.0)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, step: "DreamStep") -> None:
        """Move the bar to a step."""
        self._progress.update(
            self._task,
            completed=step.fraction,
            description=f"{self._label}  octave {step.octave + 1}/{step.octaves}  "
            f"step {step.step + 1}/{step.steps}  score {step.score:.3g}",
        )

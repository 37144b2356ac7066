"""Runs a prepared dream to its end with a progress bar, and keeps what Ctrl-C interrupts."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from puppyslug.cli.downloads import local_weights
from puppyslug.cli.output import Destination, printable, say
from puppyslug.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from puppyslug.engine.loop import DreamStep
    from puppyslug.engine.preparation import Prepared
    from puppyslug.gradient.gradient import Gradient
    from puppyslug.images.reader import Source
    from puppyslug.recipe.recipe import Recipe
    from puppyslug.recipe.settings import Files

INTERRUPTED = 130
BARREN = (
    "nothing grew: the objective finds nothing to amplify in this picture; try another channel, or "
    "the layer before the ReLU (conv4_4 for relu4_4)"
)


def prepare_aloud(
    recipe: "Recipe",
    source: "Source",
    files: "Files | None" = None,
    *,
    result_folder: "Path | None" = None,
    quiet: bool,
) -> "Prepared":
    """Prepare a dream (see ``puppyslug.engine.preparation``) and tell the user what there is to know."""
    from puppyslug.engine.preparation import prepare

    if files is not None and isinstance(files.weights, str):
        files = files._replace(weights=local_weights(files.weights, quiet=quiet))
    prepared = prepare(recipe, source, files, result_folder=result_folder)
    for notice in prepared.notices:
        say(notice, quiet=quiet)
    return prepared


def follow(
    prepared: "Prepared",
    label: str,
    *,
    quiet: bool,
    watch: "Callable[[DreamStep], None] | None" = None,
    gradient: "Gradient | None" = None,
) -> "tuple[DreamStep | None, KeyboardInterrupt | ClusterError | None]":
    """Dream, and show the octave, step, score and time left where standard error is a terminal.

    Args:
        prepared: what to dream.
        label: what to call it beside the bar.
        quiet: show nothing.
        watch: called with every step.
        gradient: stands in for ``value_and_gradient``.

    Returns:
        The last step that was done, None if it ended before the first; and what ended it before its
        time, Ctrl-C or a cluster that is gone, or None.
    """
    from puppyslug.engine.loop import dream_prepared
    from puppyslug.gradient.gradient import value_and_gradient

    last, tile = None, prepared.recipe.tile
    try:
        with Bar(label, quiet=quiet) as bar:
            for last in dream_prepared(prepared, gradient or value_and_gradient):
                bar.show(last)
                if watch is not None:
                    watch(last)
                if last.recipe.tile != tile:
                    tile = last.recipe.tile
                    say(f"out of memory: going on in tiles of {tile}", quiet=quiet)
    except (KeyboardInterrupt, ClusterError) as end:
        return last, end
    return last, None


def deliver(
    prepared: "Prepared",
    destination: Destination,
    label: str,
    *,
    no_recipe: bool,
    quiet: bool,
    timelapse: "Path | None" = None,
    gradient: "Gradient | None" = None,
    at_once: int = 1,
) -> int:
    """Dream and save the dream with its recipe.

    Args:
        prepared: what to dream.
        destination: where it goes.
        label: what to call it beside the bar.
        no_recipe: whether the file does without its recipe.
        quiet: say and show nothing.
        timelapse: a film of the dream as it grows, or None.
        gradient: stands in for ``value_and_gradient``.
        at_once: how many workers compute that.

    Returns:
        0, or 130 where Ctrl-C came; what was dreamt by then is saved all the same, with a recipe
        that stops at the same step.

    Raises:
        ClusterError: its cluster is gone; likewise.
    """
    from puppyslug.engine.preparation import estimate_seconds
    from puppyslug.images import check_edges

    check_edges(destination.path, (prepared.image.shape[-1], prepared.image.shape[-2]))
    if not quiet:
        say(f"{prepared.plan}: about {duration(estimate_seconds(prepared) / at_once)}")
    growing = None
    if timelapse is not None:
        from puppyslug.video.timelapse import TimeLapse

        growing = TimeLapse(timelapse)
    watch = None if growing is None else growing.add
    step, end = follow(prepared, label, quiet=quiet, watch=watch, gradient=gradient)
    if isinstance(end, ClusterError) and step is None:
        raise end
    if step is None:
        say("interrupted before the first step: nothing to save", quiet=quiet)
        return INTERRUPTED
    if end is not None:
        step = replace(step, recipe=step.recipe.with_settings({"stop_after": step.number}))
        say(
            f"interrupted in octave {step.octave + 1} of {step.octaves}; the dream so far:",
            quiet=quiet,
        )
    elif not step.grew:
        say(BARREN, quiet=quiet)
    destination.save(step.to_pil(prepared.alpha), "" if no_recipe else None, quiet=quiet)
    if growing is not None:
        print(growing.save("" if no_recipe else step.recipe.to_json()))
    if isinstance(end, ClusterError):
        raise end
    return 0 if end is None else INTERRUPTED


def duration(seconds: float) -> str:
    """A guessed time, as exact as a guess is."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Bar:
    """A progress bar on standard error; nothing where that is no terminal, or all is quiet."""

    def __init__(self, label: str, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=Console(stderr=True),
            transient=True,
            expand=True,
            disable=quiet or not sys.stderr.isatty(),
            redirect_stdout=sys.stdout.isatty(),  # else names of files would go to this console
        )
        label = printable(label)
        self._label = label if len(label) <= 20 else label[:19] + "…"
        self._task = self._progress.add_task(self._label, total=1.0)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, step: "DreamStep") -> None:
        """Move the bar to a step."""
        self.move(
            step.fraction,
            f"octave {step.octave + 1}/{step.octaves}  step {step.step + 1}/{step.steps}  "
            f"score {step.score:.3g}",
        )

    def move(self, fraction: float, place: str) -> None:
        """Move the bar to a share of the work, and say in words where that is."""
        self._progress.update(self._task, completed=fraction, description=f"{self._label}  {place}")

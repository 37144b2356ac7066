"""The steps of a dream, with a progress bar, and with its state stored in the meantime."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from puppyslug.cli.messages import print_message
from puppyslug.cli.progress_bar import ProgressBar
from puppyslug.errors import ClusterError, OutputError

if TYPE_CHECKING:
    from puppyslug.engine.checkpoint import DreamCheckpoint
    from puppyslug.engine.prepared_dream import PreparedDream
    from puppyslug.engine.progress import DreamStep
    from puppyslug.engine.snapshot import ResumableDream


def run_steps(
    prepared: "PreparedDream",
    label: str,
    *,
    quiet: bool,
    on_step: "Callable[[DreamStep], None] | None" = None,
    checkpoint: "DreamCheckpoint | None" = None,
) -> "tuple[DreamStep | None, KeyboardInterrupt | ClusterError | None]":
    """Run the steps of a dream, with a progress bar.

    Args:
        prepared: the prepared dream.
        label: name of the dream, shown before the bar.
        quiet: whether to print nothing.
        on_step: called with every step.
        checkpoint: where the state is stored in the meantime, and what it resumes from; None for
            neither.

    Returns:
        The last completed step, None if there is none; and what interrupted the dream, None if it
        is complete.
    """
    from puppyslug.engine.snapshot import ResumableDream

    last, tile = None, prepared.recipe.tile
    dream = ResumableDream(prepared, None if checkpoint is None else checkpoint.snapshot)
    try:
        if checkpoint is not None:
            checkpoint.start(prepared.recipe)
        with ProgressBar(label, quiet=quiet) as bar:
            for last in dream.steps():
                bar.show_step(last)
                if on_step is not None:
                    on_step(last)
                if last.recipe.tile != tile:
                    tile = last.recipe.tile
                    print_message(f"out of memory: continuing in tiles of {tile}", quiet=quiet)
                if checkpoint is not None and not _store(checkpoint, last, dream, quiet=quiet):
                    checkpoint = None
    except (KeyboardInterrupt, ClusterError) as interruption:
        return last, interruption
    return last, None


def _store(
    checkpoint: "DreamCheckpoint", step: "DreamStep", dream: "ResumableDream", *, quiet: bool
) -> bool:
    """Offer the state of a dream to its checkpoint; return False if it cannot be stored."""
    try:
        checkpoint.offer(step, dream.snapshot)
    except OutputError as error:
        print_message(f"{error}; the dream goes on, but it could not be resumed", quiet=quiet)
        return False
    return True

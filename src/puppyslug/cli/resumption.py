"""Interrupted dreams: the same command resumes them, and replaces what they have saved."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppyslug.cli.destination import Destination, is_unused
from puppyslug.cli.messages import print_message
from puppyslug.errors import OutputError, PuppyslugError
from puppyslug.files.names import CHECKPOINT_ENDING, companion_name, is_folder
from puppyslug.recipe import Recipe

if TYPE_CHECKING:
    from puppyslug.engine.checkpoint import DreamCheckpoint
    from puppyslug.engine.prepared_dream import PreparedDream


def may_write(path: Path, describe: Callable[[], Mapping[str, Any]]) -> bool:
    """Return whether a dream may be saved to a path.

    It may if there is no file, or what an interrupted run of the same dream has saved, and if no
    other process is dreaming a picture of that name.

    Args:
        path: the path.
        describe: returns what determines the picture, as in ``DreamCheckpoint``.
    """
    if not is_folder(path.with_name(companion_name(path.name, CHECKPOINT_ENDING))):
        return is_unused(path)
    from puppyslug.engine.checkpoint import DreamCheckpoint

    checkpoint = DreamCheckpoint(path, describe())
    return not checkpoint.is_busy and (is_unused(path) or checkpoint.may_replace_output)


def prepare_or_resume(
    checkpoint: "DreamCheckpoint",
    recipe: Recipe,
    prepare: "Callable[[Recipe], PreparedDream]",
    *,
    restart: bool,
    quiet: bool,
) -> "PreparedDream":
    """Prepare the dream of an interrupted run; if that cannot be resumed, a new one.

    Args:
        checkpoint: of the dream, which loads its state.
        recipe: the recipe of a new dream.
        prepare: prepares a recipe.
        restart: whether to delete the state of an interrupted run.
        quiet: whether to print no notices.

    Raises:
        PuppyslugError: the dream cannot be prepared, or another process is dreaming it.
    """
    if restart and not checkpoint.is_busy:
        checkpoint.delete()
    try:
        resolved = checkpoint.load()
        resumed = None if resolved is None else prepare(resolved)
    except PuppyslugError as error:
        if checkpoint.is_busy:
            raise
        prepared = prepare(recipe)  # if this fails, too, the state is kept
        print_message(f"{error}; starting again", quiet=quiet)
        checkpoint.delete()
        return prepared
    if resumed is None:
        return prepare(recipe)
    print_message(f"resuming from {checkpoint.folder}", quiet=quiet)
    return resumed


def keep_for_resumption(
    checkpoint: "DreamCheckpoint", destination: Destination, *, force: bool, quiet: bool
) -> None:
    """Let the same command replace the picture of an interrupted dream, and say so.

    Args:
        checkpoint: of the dream.
        destination: where its picture has been saved.
        force: whether the command would start again.
        quiet: whether to print no notices.
    """
    if destination.path != checkpoint.output:  # another process had taken the name
        checkpoint.delete()
        return
    try:
        checkpoint.mark_interrupted()
    except OutputError as error:
        print_message(f"{error}; the dream cannot be resumed", quiet=quiet)
        return
    command = "the same command without --force" if force else "the same command"
    print_message(f"run {command} to resume from {checkpoint.folder}", quiet=quiet)

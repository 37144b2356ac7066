"""The path of portraits through a command: network, steps, saved file."""

from typing import TYPE_CHECKING

from puppyslug.cli.destination import Destination
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.cli.progress_bar import ProgressBar
from puppyslug.cli.weights import resolve_weights
from puppyslug.recipe import InputFiles, PortraitRecipe

if TYPE_CHECKING:
    from puppyslug.visualization.portraits import PortraitStep


def save_portrait(
    recipe: PortraitRecipe, files: InputFiles, destination: Destination, *, quiet: bool
) -> int:
    """Draw portraits, and save them side by side with their recipe.

    Args:
        recipe: the recipe.
        files: weights and labels.
        destination: the output file.
        quiet: whether to print neither progress nor notices.

    Returns:
        0, or 130 after Ctrl-C; the portraits so far are saved.

    Raises:
        PuppyslugError: the portraits cannot be drawn or written.
    """
    from puppyslug.visualization.portrait import draw_portrait, load_portrait_network

    if isinstance(files.weights, str):
        files = files._replace(weights=resolve_weights(files.weights, quiet=quiet))
    network = load_portrait_network(recipe, files)
    try:
        with ProgressBar(", ".join(recipe.objectives), quiet=quiet) as bar:

            def show(step: "PortraitStep") -> None:
                bar.update((step.step + 1) / step.steps, f"step {step.step + 1}/{step.steps}")

            portrait = draw_portrait(recipe, network, show)
    except KeyboardInterrupt:
        print_message("interrupted before the first step: nothing to save", quiet=quiet)
        return EXIT_INTERRUPTED
    stopped = portrait.recipe.stop_after
    interrupted = stopped != recipe.stop_after
    if interrupted:
        place = f"after step {stopped} of {recipe.steps}"
        print_message(
            f"interrupted {place}; saving the portrait so far, which does not resume", quiet=quiet
        )
    for notice in portrait.notices:
        print_message(notice, quiet=quiet)
    destination.save(portrait.to_pil(), quiet=quiet)
    return EXIT_INTERRUPTED if interrupted else 0

"""``puppyslug teach``: finetune a network on folders of images."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.destination import saved_temporarily
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.cli.progress_bar import ProgressBar
from puppyslug.errors import OutputError, plural
from puppyslug.files.atomic import check_writable
from puppyslug.networks.finetuned import FINETUNED_SUFFIX
from puppyslug.recipe.defaults import CLASSIFIER, SEED

if TYPE_CHECKING:
    from puppyslug.training.checkpoint import TrainingCheckpoint
    from puppyslug.training.session import TrainedNetwork, TrainingProgress

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="folder with one folder of images per class; one named 'none' holds counterexamples",
    ),
]
Output = Annotated[
    Path,
    typer.Option("-o", "--output", metavar="OUT.safetensors", help="file of the new network"),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="resume an interrupted run of the same command")
]
NoReport = Annotated[bool, typer.Option("--no-report", help="write no report")]


@options.recipe_options(
    "network",
    "seed",
    network=f"network to finetune [default: {CLASSIFIER}]",
    seed=f"random seed of the holdout split and the augmentation [default: {SEED}]",
)
def teach(
    folder: Folder,
    *,
    settings: dict[str, object],
    output: Output,
    resume: Resume = False,
    no_report: NoReport = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Teach a network new classes from folders of images.

    Then dream of them: 'puppyslug dream --network OUT.safetensors --see CLASS'. A report on the
    accuracy is written beside the network, as OUT.html.
    """
    if output.suffix.lower() != FINETUNED_SUFFIX:
        raise OutputError(f"{output} must have the suffix {FINETUNED_SUFFIX}")
    report = output.with_suffix(".html")
    check_writable(output, overwrite=force or resume)
    if not no_report:
        check_writable(report, overwrite=force or resume)

    from puppyslug.training.checkpoint import TrainingCheckpoint
    from puppyslug.training.image_folder import find_class_folders
    from puppyslug.training.session import load_base_network, training_steps

    folders = find_class_folders(folder)
    base = load_base_network(str(settings.get("network", CLASSIFIER)))
    images = sum(len(one.files) for one in folders.values())
    print_message(f"{plural(images, 'image')} in {plural(len(folders), 'folder')}", quiet=quiet)
    checkpoint = TrainingCheckpoint(output)
    steps = training_steps(
        folders,
        base,
        seed=int(str(settings.get("seed", SEED))),
        checkpoint=checkpoint.read() if resume else None,
    )
    network, interrupted = _train(steps, output, checkpoint, quiet=quiet)
    if network is None:
        print_message(
            "interrupted before the first training step; resume with --resume", quiet=quiet
        )
        return EXIT_INTERRUPTED
    _save(network, output, overwrite=force or resume)
    print(output)
    if interrupted:
        print_message(
            "interrupted: the best network so far is saved; resume with --resume", quiet=quiet
        )
        return EXIT_INTERRUPTED
    checkpoint.remove()
    _print_accuracy(network, quiet=quiet)
    if not no_report:
        from puppyslug.training.report import report_steps

        with ProgressBar("report", quiet=quiet) as bar:
            for progress in report_steps(network, output, report):
                bar.update(progress.fraction, progress.stage)
        print(report)
    return 0


def _save(network: "TrainedNetwork", output: Path, *, overwrite: bool) -> None:
    """Save a network, if necessary to a temporary folder."""
    try:
        network.save(output, overwrite=overwrite)
    except OutputError as error:
        raise saved_temporarily(error, output.name, "network", network.save) from error


def _train(
    steps: "Iterator[TrainingProgress]",
    output: Path,
    checkpoint: "TrainingCheckpoint",
    *,
    quiet: bool,
) -> "tuple[TrainedNetwork | None, bool]":
    """Run the training; return the best network so far, and whether Ctrl-C interrupted it."""
    network = None
    try:
        with ProgressBar(output.name, quiet=quiet) as bar:
            for progress in steps:
                bar.update(progress.fraction, progress.stage)
                for notice in progress.notices:
                    print_message(notice, quiet=quiet)
                network = progress.network or network
                if progress.checkpoint is not None:
                    checkpoint.write(progress.checkpoint)
    except KeyboardInterrupt:
        return network, True
    return network, False


def _print_accuracy(network: "TrainedNetwork", *, quiet: bool) -> None:
    holdout = network.header.holdout
    if holdout is None:
        print_message(
            "too few images to hold any out: the accuracy is unknown; add more images",
            quiet=quiet,
        )
        return
    from puppyslug.training.evaluation import count_correct

    correct, total = count_correct(holdout)
    print_message(f"{correct} of {total} held-out images are classified correctly", quiet=quiet)

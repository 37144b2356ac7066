"""Runs a training job, from its pictures to a network and a report, in a worker process."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from puppyslug.errors import TrainingError
from puppyslug.labels import NONE_CLASS
from puppyslug.studio.jobs.data_folder import REPORT_FILE, class_folder
from puppyslug.studio.jobs.models import JobProgress, TrainingConfig, TrainingResult
from puppyslug.studio.workers.protocol import JobControl, Task
from puppyslug.training.image_folder import ClassFolder
from puppyslug.training.report import report_steps
from puppyslug.training.session import TrainedNetwork, load_base_network, training_steps

TRAINING_SHARE = 0.6  # approximate share of the running time; the rest is the report
_MIN_FRACTION = 0.02  # completed share below which no remaining time is estimated


def run_training(task: Task, control: JobControl) -> None:
    """Train a network, write its file, then its report.

    Raises:
        JobCancelledError: the job has been cancelled.
        PuppyslugError: the pictures cannot be used, or the network cannot be written.
    """
    job, config = task.job, task.job.lesson
    assert config is not None
    control.emit("progress", JobProgress(stage="loading"))
    reporter = _ProgressReporter(control)
    names = _display_names(task.folder, config)
    try:
        network = _train(task, config, control, reporter, names)
    except TrainingError as error:
        raise TrainingError(_replace_paths(str(error), names)) from error
    path = task.networks / config.file
    replaces_own = job.outcome is not None and job.outcome.file == config.file
    network.save(path, overwrite=replaces_own)
    result = _result(config.file, network)
    (task.folder / REPORT_FILE).unlink(missing_ok=True)
    control.emit("update", {"outcome": result})
    for progress in report_steps(network, path, task.folder / REPORT_FILE):
        control.poll()
        if control.stopped:  # the command may also have arrived during training
            return
        fraction = TRAINING_SHARE + (1 - TRAINING_SHARE) * progress.fraction
        reporter.report(fraction, f"report: {progress.stage}")
    control.emit("update", {"outcome": result.model_copy(update={"reported": True})})


def _train(
    task: Task,
    config: TrainingConfig,
    control: JobControl,
    reporter: "_ProgressReporter",
    names: Mapping[str, str],
) -> TrainedNetwork:
    """Return the trained network; if the job is stopped, the best one so far."""
    network = None
    notices: list[str] = []
    folders, base = _class_folders(task.folder, config), load_base_network(config.base)
    for progress in training_steps(folders, base, seed=config.seed):
        control.poll()
        network = progress.network or network
        if progress.notices:
            notices += [_replace_paths(notice, names) for notice in progress.notices]
            control.emit("update", {"notices": notices})
        if control.stopped:
            break
        reporter.report(TRAINING_SHARE * progress.fraction, progress.stage)
    if network is None:
        raise TrainingError("stopped before there was a network to keep; train again")
    plain = tuple(_replace_paths(notice, names) for notice in network.images.notices)
    return replace(network, images=replace(network.images, notices=plain))


def _class_folders(folder: Path, config: TrainingConfig) -> dict[str, ClassFolder]:
    """Return the files of each class, in the order that ``puppyslug teach`` reads folders in."""
    folders = {}
    for one in sorted(config.things, key=lambda one: one.name):
        path = class_folder(folder, one.number)
        files = tuple(sorted(path / picture.file for picture in one.pictures))
        if files or one.name != NONE_CLASS:
            folders[one.name] = ClassFolder(path, files)
    return folders


def _display_names(folder: Path, config: TrainingConfig) -> dict[str, str]:
    """Map each path to the name that the user knows, the longest paths first.

    A path may be a prefix of another: ``things/1`` of ``things/11`` and of ``things/1/a.png``.
    """
    names: dict[str, str] = {}
    for one in config.things:
        path = class_folder(folder, one.number)
        names[str(path)] = one.name
        names |= {str(path / picture.file): picture.name for picture in one.pictures}
    return dict(sorted(names.items(), key=lambda item: len(item[0]), reverse=True))


def _replace_paths(text: str, names: Mapping[str, str]) -> str:
    """Replace the server's paths in a message by the names that the user knows."""
    for path, name in names.items():
        text = text.replace(path, name)
    return text


def _result(file: str, network: TrainedNetwork) -> TrainingResult:
    header, holdout = network.header, network.header.holdout
    return TrainingResult(
        file=file,
        things=list(header.new_classes),
        pictures=list(header.image_counts),
        counts=[list(row) for row in holdout.counts] if holdout else [],
        unsure=list(holdout.unsure) if holdout else [],
    )


class _ProgressReporter:
    """Emits the progress of a training job, with an estimate of the remaining time."""

    def __init__(self, control: JobControl) -> None:
        self._control = control
        self._start = time.monotonic()

    def report(self, fraction: float, stage: str) -> None:
        elapsed = time.monotonic() - self._start
        left = elapsed / fraction * (1 - fraction) if fraction > _MIN_FRACTION else None
        self._control.emit(
            "progress", JobProgress(fraction=fraction, seconds_left=left, stage=stage)
        )

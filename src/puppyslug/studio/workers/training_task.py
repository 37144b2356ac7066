"""One lesson of the studio, from its pictures to a network and a report, in a worker process."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from puppyslug.errors import TeachingError
from puppyslug.labels import NONE
from puppyslug.studio.jobs.models import Lesson, Outcome, Progress
from puppyslug.studio.jobs.storage import REPORT
from puppyslug.studio.workers.protocol import Controls, Task
from puppyslug.training.collection import Folder
from puppyslug.training.report import report_steps
from puppyslug.training.session import Learnt, load_base, teach_steps

LEARNING = 0.6  # of the time of a lesson and its report, about
_STILL = 0.02  # share of the work before which no time is guessed


def learn(task: Task, controls: Controls) -> None:
    """Teach a lesson to its end, write its network, then its report.

    Raises:
        CancelledError: it is not wanted any more.
        PuppyslugError: nothing can be learnt from these pictures.
    """
    dream, lesson = task.dream, task.dream.lesson
    assert lesson is not None
    controls.say("progress", Progress(stage="loading"))
    clock = _Clock(controls)
    names = _names(task.folder, lesson)
    try:
        learnt = _taught(task, lesson, controls, clock, names)
    except TeachingError as error:
        raise TeachingError(_plain(str(error), names)) from error
    network = task.networks / lesson.file
    own = dream.outcome is not None and dream.outcome.file == lesson.file
    learnt.save(network, overwrite=own)
    outcome = _outcome(lesson.file, learnt)
    (task.folder / REPORT).unlink(missing_ok=True)
    controls.say("learnt", {"outcome": outcome})
    for written in report_steps(learnt, network, task.folder / REPORT):
        controls.obey()
        if controls.stopped:  # also where it was told so while it learnt
            return
        clock.show(LEARNING + (1 - LEARNING) * written.fraction, f"report: {written.place}")
    controls.say("learnt", {"outcome": outcome.model_copy(update={"reported": True})})


def _taught(
    task: Task, lesson: Lesson, controls: Controls, clock: "_Clock", names: Mapping[str, str]
) -> Learnt:
    """The network; where one is told to stop, the best so far."""
    learnt = None
    notices: list[str] = []
    for progress in teach_steps(_folders(task.folder, lesson), load_base(lesson.base),
                                seed=lesson.seed):  # fmt: skip
        controls.obey()
        learnt = progress.learnt or learnt
        if progress.notices:
            notices += [_plain(notice, names) for notice in progress.notices]
            controls.say("learnt", {"notices": notices})
        if controls.stopped:
            break
        clock.show(LEARNING * progress.fraction, progress.place)
    if learnt is None:
        raise TeachingError("it was stopped before anything was learnt; teach again")
    plain = tuple(_plain(notice, names) for notice in learnt.collection.notices)
    return replace(learnt, collection=replace(learnt.collection, notices=plain))


def _folders(folder: Path, lesson: Lesson) -> dict[str, Folder]:
    """The things and their files, in the order of their names as from a folder."""
    found = {}
    for thing in sorted(lesson.things, key=lambda thing: thing.name):
        home = folder / "things" / str(thing.number)
        files = tuple(sorted(home / picture.file for picture in thing.pictures))
        if files or thing.name != NONE:
            found[thing.name] = Folder(home, files)
    return found


def _names(folder: Path, lesson: Lesson) -> dict[str, str]:
    """What people call each file and folder, the longest paths first."""
    names: dict[str, str] = {}
    for thing in lesson.things:
        home = folder / "things" / str(thing.number)
        names |= {str(home / picture.file): picture.name for picture in thing.pictures}
    for thing in lesson.things:
        names[str(folder / "things" / str(thing.number))] = thing.name
    return names


def _plain(text: str, names: Mapping[str, str]) -> str:
    """A sentence without this machine's paths."""
    for path, name in names.items():
        text = text.replace(path, name)
    return text


def _outcome(file: str, learnt: Learnt) -> Outcome:
    header = learnt.header
    held = header.held
    return Outcome(
        file=file,
        things=list(header.things),
        pictures=list(header.pictures),
        counts=[list(row) for row in held.counts] if held else [],
        unsure=list(held.unsure) if held else [],
    )


class _Clock:
    """Tells the server how far a lesson is, and how long it will take."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._began = time.monotonic()

    def show(self, fraction: float, place: str) -> None:
        gone = time.monotonic() - self._began
        left = gone / fraction * (1 - fraction) if fraction > _STILL else None
        self._controls.say("progress", Progress(fraction=fraction, seconds_left=left, stage=place))

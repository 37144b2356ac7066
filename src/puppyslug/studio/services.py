"""What requests share: store, files and workers, opened and closed together."""

import os
from dataclasses import dataclass
from pathlib import Path

from puppyslug.errors import OutputError
from puppyslug.studio.jobs.models import Dream, Shown, ShownLesson, Status
from puppyslug.studio.jobs.networks import Networks
from puppyslug.studio.jobs.progress_hub import Live
from puppyslug.studio.jobs.storage import Folder
from puppyslug.studio.jobs.store import Store
from puppyslug.studio.jobs.submission import Submissions
from puppyslug.studio.jobs.training_jobs import Lessons
from puppyslug.studio.limits import Limits
from puppyslug.studio.workers.pool import Workers
from puppyslug.studio.workers.process import Start, here

RESTARTS = 3  # of the server that a dream may be running in, before it waits to be asked again


@dataclass(frozen=True)
class Services:
    """A studio without its pages.

    Attributes:
        folder: has the files.
        store: knows the dreams.
        live: what happens now.
        workers: dream.
        submissions: takes dreams into the queue.
        lessons: takes lessons in.
        networks: what was taught here.
        limits: of all.
    """

    folder: Folder
    store: Store
    live: Live
    workers: Workers
    submissions: Submissions
    lessons: Lessons
    networks: Networks
    limits: Limits

    @classmethod
    def open(cls, data: Path, limits: Limits, workers: int, begin: Start = here) -> "Services":
        """Open a data folder, put right what a server that ended left behind, and start workers.

        Args:
            data: the folder.
            limits: of all.
            workers: how many dreams are dreamt at the same time.
            begin: how a worker gets ready, see ``studio.worker``.

        Raises:
            OutputError: the folder cannot be used, or another studio has it.
        """
        if not os.access(data if data.exists() else data.parent, os.W_OK):
            raise OutputError(f"the folder {data} cannot be written; name another with --data")
        folder = Folder(data)
        if not folder.database.exists() and not folder.is_empty:
            folder.release()
            raise OutputError(
                f"{data} holds dreams, but {folder.database.name}, which knows them, is gone; "
                "put it back, or name another --data"
            )
        store = Store(folder.database)
        folder.sweep(store.ids())
        _put_right(store)
        live = Live()
        team = Workers(workers, store, folder, live, limits, begin)
        team.start()
        networks = Networks(folder.networks)
        submissions = Submissions(store, folder, limits, networks)
        lessons = Lessons(store, folder, limits, networks)
        return cls(folder, store, live, team, submissions, lessons, networks, limits)

    def __enter__(self) -> "Services":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers; what they dream of goes on with the next start."""
        self.workers.close()
        self.store.close()
        self.folder.release()

    def show(self, identity: str) -> Shown | None:
        """A dream as the API shows it; None where it is gone."""
        dream = self.store.get(identity)
        return None if dream is None else self.shown(dream)

    def shown(self, dream: Dream) -> Shown:
        """A dream that has just been read, as the API shows it."""
        return Shown(
            **dict(dream),
            progress=self.live.progress(dream.id),
            position=self.store.position(dream.id),
            refusal=self.live.refusal(dream.id),
        )

    def show_lesson(self, identity: str) -> ShownLesson | None:
        """A lesson as the API shows it; None where it is gone."""
        dream = self.store.get(identity)
        return None if dream is None else self.shown_lesson(dream)

    def shown_lesson(self, dream: Dream) -> ShownLesson:
        """A lesson that has just been read, as the API shows it."""
        return self.lessons.shown(
            dream, progress=self.live.progress(dream.id), position=self.store.position(dream.id)
        )


def _put_right(store: Store) -> None:
    """Queue again what was running when the server ended.

    What was paused waits to be asked, and so does a lesson, which is quick once its pictures have
    been looked at.
    """
    for dream in store.with_status(Status.RUNNING, Status.PAUSED):
        again = dream.status is Status.RUNNING and dream.attempts < RESTARTS and not dream.lesson
        store.change(dream.id, status=Status.QUEUED if again else Status.INTERRUPTED)

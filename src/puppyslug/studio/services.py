"""The services behind the pages and the API: store, files, queue and workers."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from puppyslug.errors import OutputError
from puppyslug.studio.classroom.activity import ClassActivityFeed
from puppyslug.studio.classroom.classroom import Classroom
from puppyslug.studio.fair_lock import FairLock
from puppyslug.studio.jobs.activity import ActivityFeed
from puppyslug.studio.jobs.data_folder import DataFolder
from puppyslug.studio.jobs.disk_reserve import DiskReserve
from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks
from puppyslug.studio.jobs.models import DreamView, Job, Status, TrainingJobView
from puppyslug.studio.jobs.progress_hub import ProgressHub
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.jobs.submission import DreamSubmitter
from puppyslug.studio.jobs.training_jobs import TrainingJobs
from puppyslug.studio.jobs.waiting_time import WaitingTimes
from puppyslug.studio.limits import Limits
from puppyslug.studio.visitors import Visitor
from puppyslug.studio.workers.live_worker import LiveWorker
from puppyslug.studio.workers.pool import ProcessPool, process_launcher
from puppyslug.studio.workers.recogniser import Recogniser
from puppyslug.studio.workers.runner import RunnerFactory, create_local_runner
from puppyslug.studio.workers.sandbox import Sandbox

MAX_RESTARTS = 3  # of the server during one job; after that the job is not resumed automatically


_ANYONE = Visitor()


def _create_sandbox() -> Sandbox:
    return Sandbox()


def _create_recogniser() -> Recogniser:
    return Recogniser()


@dataclass(frozen=True)
class Services:
    """A studio without its web application.

    Attributes:
        folder: data folder.
        store: job store.
        hub: progress of running jobs.
        activity: the queue and the progress of all jobs, for the event stream.
        pool: worker pool.
        dreams: validates and queues dreams.
        training: edits and queues training jobs.
        networks: the trained networks.
        limits: resource limits.
        waits: estimates how long queued jobs wait.
        sandbox: reads untrusted files.
        recogniser: says what a network sees in a picture.
        live: dreams a camera live.
        classroom: the class; None without class mode.
        class_activity: the same as ``activity`` for each visitor of a class; None without one.
        heavy_requests: one request at a time reads uploads, so that the pages stay responsive and
            few uploads are in memory.
        recognitions: one request at a time waits for the recogniser in a thread.
    """

    folder: DataFolder
    store: JobStore
    hub: ProgressHub
    activity: ActivityFeed
    pool: ProcessPool
    dreams: DreamSubmitter
    training: TrainingJobs
    networks: FinetunedNetworks
    limits: Limits
    waits: WaitingTimes
    live: LiveWorker
    sandbox: Sandbox = field(default_factory=_create_sandbox)
    recogniser: Recogniser = field(default_factory=_create_recogniser)
    classroom: Classroom | None = None
    class_activity: ClassActivityFeed | None = None
    heavy_requests: FairLock = field(default_factory=FairLock)
    recognitions: FairLock = field(default_factory=FairLock)

    @classmethod
    def open(
        cls,
        data: Path,
        limits: Limits,
        workers: int,
        create_runner: RunnerFactory = create_local_runner,
        *,
        in_class: bool = False,
    ) -> "Services":
        """Open a data folder, recover the jobs of a server that was killed, and start workers.

        Args:
            data: path of the data folder.
            limits: resource limits.
            workers: number of jobs that are processed at the same time; 0 for none.
            create_runner: initialises a worker process, see ``studio.workers.runner``.
            in_class: whether to start class mode, with a pass phrase.

        Raises:
            OutputError: the folder cannot be used, or another studio uses it.
        """
        if not os.access(data if data.exists() else data.parent, os.W_OK):
            raise OutputError(f"cannot write to the folder {data}; choose another with --data")
        folder = DataFolder(data)
        if not folder.database.exists() and not folder.is_empty:
            folder.release()
            raise OutputError(
                f"{data} contains dreams, but their database {folder.database.name} is missing; "
                "restore it, or choose another folder with --data"
            )
        classroom = Classroom(folder.roster) if in_class else None
        store = JobStore(folder.database, DiskReserve(folder.reserve))
        folder.delete_orphans(store.ids())
        _recover_jobs(store)
        hub = ProgressHub()
        launch = process_launcher(workers, create_runner)
        pool = ProcessPool(workers, store, folder, hub, limits, launch)
        pool.start()
        networks = FinetunedNetworks(folder.networks)
        dreams = DreamSubmitter(store, folder, limits, networks)
        training = TrainingJobs(store, folder, limits, networks)
        activity = ActivityFeed(store, hub)
        waits = WaitingTimes(store, hub, workers)
        class_activity = None
        if classroom is not None:
            class_activity = ClassActivityFeed(classroom, store, hub, waits, lambda: pool.is_paused)
        return cls(
            folder, store, hub, activity, pool, dreams, training, networks, limits, waits,
            LiveWorker(folder.networks),
            classroom=classroom, class_activity=class_activity,
        )  # fmt: skip

    def __enter__(self) -> "Services":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers; running dreams resume when the studio is opened again."""
        self.pool.close()
        self.sandbox.close()
        self.recogniser.close()
        self.live.close()
        self.store.close()
        self.folder.release()

    def view_dream(self, job: Job, visitor: Visitor = _ANYONE) -> DreamView:
        """Return a stored dream as the API shows it to a visitor."""
        in_class: dict[str, Any] = {}
        if self.classroom is not None and self.class_activity is not None:
            wait = self.class_activity.wait_of(job.id)
            in_class = {"wait_seconds": wait.seconds if wait else None}
            if visitor.sees_all:
                in_class["pupil"] = self.classroom.name_of(job.owner)
        return DreamView(
            **dict(job),
            mine=visitor.may_control(job),
            progress=self.hub.progress(job.id),
            position=self.store.position(job.id),
            refusal=self.hub.refusal(job.id),
            **in_class,
        )

    def view_training_job(self, job: Job) -> TrainingJobView:
        """Return a stored training job as the API shows it."""
        return self.training.view(
            job, progress=self.hub.progress(job.id), position=self.store.position(job.id)
        )


def _recover_jobs(store: JobStore) -> None:
    """Requeue the jobs that were running when the server ended.

    Paused jobs and training jobs become interrupted instead. Training again is quick, since the
    features of its pictures are cached.
    """
    for job in store.with_status(Status.RUNNING, Status.PAUSED):
        resume = (
            job.status is Status.RUNNING and job.attempts < MAX_RESTARTS and not job.is_training
        )
        store.update(job.id, status=Status.QUEUED if resume else Status.INTERRUPTED)

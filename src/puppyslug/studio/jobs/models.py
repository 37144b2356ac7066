"""Data models of the studio: jobs as the store keeps them, and as the HTTP API shows them.

Field names are part of the database and of the API. In both, a training job is called a ``lesson``,
and the classes that it trains are called ``things``.
"""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from puppyslug.recipe.defaults import FILM_FPS

DreamKind = Literal["picture", "zoom"]
TRAINING: Literal["teach"] = "teach"  # the kind of a training job


class Status(StrEnum):
    """State of a job; a training job is a draft until it is submitted."""

    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def active(self) -> bool:
        """Whether a worker is processing the job."""
        return self in {Status.RUNNING, Status.PAUSED}

    @property
    def ended(self) -> bool:
        """Whether the job has ended: done, failed, cancelled or interrupted."""
        return not self.active and self not in {Status.QUEUED, Status.DRAFT}


class StoredFile(BaseModel):
    """An uploaded picture in a job's folder.

    Attributes:
        file: file name in the job's folder, chosen by the studio.
        name: file name on the user's machine; never used as a path.
        sha256: hash of its bytes.
        size: (height, width) in pixels, upright.
    """

    file: str
    name: str
    sha256: str
    size: tuple[int, int]


class TrainingClass(BaseModel):
    """A class to train, with its pictures.

    Attributes:
        number: permanent number of the class in its job, counted from 1.
        name: name of the class; empty until the user chooses one.
        pictures: training pictures, in the order of upload.
    """

    number: int
    name: str = ""
    pictures: list[StoredFile] = Field(default_factory=list)


class TrainingConfig(BaseModel):
    """Configuration and data of a training job.

    Attributes:
        file: file name of the network to write; empty until the user chooses a name.
        base: name of the network to finetune.
        seed: random seed.
        things: the classes, in the order of creation; pictures of the class ``none`` are negatives.
    """

    file: str = ""
    base: str
    seed: int = 0
    things: list[TrainingClass] = Field(default_factory=list)


class TrainingResult(BaseModel):
    """Result of a training job.

    Attributes:
        file: file name of the network.
        things: names of its classes.
        pictures: number of training pictures of each class.
        counts: confusion matrix of the held-out pictures: a row for each class, then for none;
            empty if too few pictures were available to hold any out.
        unsure: number of held-out pictures of each class without a confident prediction.
        reported: whether the report has been written.
    """

    file: str
    things: list[str]
    pictures: list[int]
    counts: list[list[int]] = Field(default_factory=list)
    unsure: list[int] = Field(default_factory=list)
    reported: bool = False


class Job(BaseModel):
    """A job as the store keeps it: a picture, a zoom film or the training of a network.

    Attributes:
        id: unguessable identifier.
        kind: picture, zoom (a film), or teach (a training job).
        status: state of the job.
        title: title in the gallery.
        recipe: complete recipe; once the job runs, every ``auto`` is resolved.
        photo: picture to start from; None for noise and clouds.
        mask: mask picture, or None.
        guides: guide pictures, in the objective's order.
        frames: number of frames of a film.
        fps: frames per second of a film.
        parent: id of the dream that this one is derived from, or None.
        created: Unix time in seconds, as are ``started`` and ``ended``.
        started: when a worker started the job.
        ended: when the job ended.
        attempts: how many times a worker has started the job.
        width: width of the result in pixels; 0 until it is known.
        height: height of the result in pixels; 0 until it is known.
        bytes: disk space of the job's files.
        error: one-line reason of a failure.
        notices: remarks for the user about the result.
        lesson: configuration of a training job; None for dreams.
        outcome: latest result of a training job; None before the first.
        owner: id of the browser that submitted the job; empty for a script.
        trial: whether the dream is a small trial, which the gallery does not show.
        called: what the user calls the class that the dream amplifies, if that is not its
            preferred name; else empty.
        tags: the user's words for it.
        favourite: whether the user likes it most; the disk quota deletes favourites last.
        rank: place among the owner's queued jobs, if they were arranged; None for the last.
    """

    id: str
    kind: DreamKind | Literal["teach"] = "picture"
    status: Status = Status.QUEUED
    title: str = ""
    recipe: dict[str, Any]
    photo: StoredFile | None = None
    mask: StoredFile | None = None
    guides: list[StoredFile] = Field(default_factory=list)
    frames: int = 1
    fps: float = FILM_FPS
    parent: str | None = None
    created: float
    started: float | None = None
    ended: float | None = None
    attempts: int = 0
    width: int = 0
    height: int = 0
    bytes: int = 0
    error: str = ""
    notices: list[str] = Field(default_factory=list)
    lesson: TrainingConfig | None = None
    outcome: TrainingResult | None = None
    owner: str = ""
    trial: bool = False
    called: str = ""
    tags: list[str] = Field(default_factory=list)
    favourite: bool = False
    rank: int | None = None

    @property
    def is_short(self) -> bool:
        """Whether the job is a picture: films and training take much longer."""
        return self.kind == "picture"

    @property
    def is_training(self) -> bool:
        """Whether the job trains a network instead of rendering a dream."""
        return self.lesson is not None


class JobProgress(BaseModel):
    """Progress of a running job.

    Attributes:
        octave: index of the octave, counted from 0.
        octaves: number of octaves.
        step: index of the step in its octave, counted from 0.
        steps: number of steps per octave.
        frame: index of the film frame, counted from 0.
        score: score of the objective; it increases within an octave.
        fraction: completed share of the work, in [0, 1].
        seconds_left: estimate of the remaining time; None while there is none.
        stage: current stage, such as loading, dreaming or writing.
        preview: number of the latest preview; 0 for none.
    """

    octave: int = 0
    octaves: int = 0
    step: int = 0
    steps: int = 0
    frame: int = 0
    score: float = 0.0
    fraction: float = 0.0
    seconds_left: float | None = None
    stage: str = "waiting"
    preview: int = 0


class DreamView(Job):
    """A dream as the API shows it: the stored job and its current state.

    Attributes:
        progress: progress while a worker processes it, else None.
        position: position in the queue, counted from 1; None if it is not queued.
        refusal: why the latest change was rejected; empty if it was accepted.
        mine: whether the client may control the dream.
        wait_seconds: in class mode, about how many seconds it waits until it starts; None if that
            is unknown, or if it is not queued.
        pupil: in class mode, and for the teacher only, the name of the pupil who submitted it.
    """

    owner: str = Field("", exclude=True)
    rank: int | None = Field(None, exclude=True)
    progress: JobProgress | None = None
    position: int | None = None
    refusal: str = ""
    mine: bool = True
    wait_seconds: float | None = None
    pupil: str = ""


class TrainingClassView(BaseModel):
    """A class of a training job as the API shows it.

    Attributes:
        number: number of the class, which identifies it in the job's URLs.
        name: name of the class.
        count: number of pictures.
    """

    number: int
    name: str
    count: int


class TrainingJobView(BaseModel):
    """A training job as the API shows it.

    Attributes:
        id: unguessable identifier.
        status: state of the job; draft until it is submitted.
        name: name of the network, without suffix.
        base: name of the network to finetune.
        seed: random seed.
        things: the classes.
        created: Unix time in seconds, as are ``started`` and ``ended``.
        started: when a worker started the job.
        ended: when the job ended.
        bytes: disk space of the pictures.
        error: one-line reason of a failure.
        notices: remarks for the user about the pictures.
        progress: progress while a worker processes it, else None.
        position: position in the queue, counted from 1; None if it is not queued.
        outcome: latest result; None before the first.
        here: whether the network of that result is still in the studio.
    """

    id: str
    status: Status
    name: str
    base: str
    seed: int
    things: list[TrainingClassView]
    created: float
    started: float | None
    ended: float | None
    bytes: int
    error: str
    notices: list[str]
    progress: JobProgress | None
    position: int | None
    outcome: TrainingResult | None
    here: bool

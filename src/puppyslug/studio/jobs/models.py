"""What the studio knows of a dream, and what it tells of it."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

Kind = Literal["picture", "zoom"]
TEACHING: Literal["teach"] = "teach"  # the kind of what is no dream, but a lesson


class Status(StrEnum):
    """Where a dream is on its way; a lesson that is not asked for yet is a draft."""

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
        """Whether a worker has it."""
        return self in {Status.RUNNING, Status.PAUSED}

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return not self.active and self not in {Status.QUEUED, Status.DRAFT}


class StoredFile(BaseModel):
    """A picture that was uploaded.

    Attributes:
        file: its name in the dream's folder, chosen by the studio.
        name: what the user calls it; never used as a path.
        sha256: of its bytes.
        size: (height, width), upright.
    """

    file: str
    name: str
    sha256: str
    size: tuple[int, int]


class Thing(BaseModel):
    """Something that a network is to be taught.

    Attributes:
        number: that it keeps, whatever it is called.
        name: empty until somebody gives it one.
        pictures: of it, in the order in which they came.
    """

    number: int
    name: str = ""
    pictures: list[StoredFile] = Field(default_factory=list)


class Lesson(BaseModel):
    """What a network is to be taught.

    Attributes:
        file: the network's, in the studio's own folder; empty until it has a name.
        base: the network that learns.
        seed: of the lesson.
        things: in the order in which they came; one called none is of no thing.
    """

    file: str = ""
    base: str
    seed: int = 0
    things: list[Thing] = Field(default_factory=list)


class Outcome(BaseModel):
    """How a lesson went.

    Attributes:
        file: the network's.
        things: that it knows.
        pictures: of each, that it was taught with.
        counts: of those held out of each thing, then of none, how many were taken for each; empty
            where none could be held out.
        unsure: how many of each it was unsure of.
        reported: whether there is a report.
    """

    file: str
    things: list[str]
    pictures: list[int]
    counts: list[list[int]] = Field(default_factory=list)
    unsure: list[int] = Field(default_factory=list)
    reported: bool = False


class Dream(BaseModel):
    """A dream as the store keeps it.

    Attributes:
        id: unguessable.
        kind: a picture, or a film that zooms; or a lesson, which is kept and queued like a dream.
        status: where it is on its way.
        title: what it is called in the gallery.
        recipe: complete; once it runs, with no open question.
        photo: what it starts from, or None for noise and clouds.
        mask: where to dream, or None.
        guides: in the objective's order.
        frames: of a film.
        fps: of a film.
        parent: the dream that it was made from, or None.
        created: seconds since 1970; likewise ``started`` and ``ended``.
        started: when a worker took it.
        ended: when it was done, or failed.
        attempts: how often a worker took it.
        width: of the result, in pixels; 0 until it is known.
        height: likewise.
        bytes: that its files take, once it has ended.
        error: why it failed, in a line.
        notices: what is to be known of how it was made.
        lesson: of a lesson, what is to be taught.
        outcome: of a lesson, how it last went.
    """

    id: str
    kind: Kind | Literal["teach"] = "picture"
    status: Status = Status.QUEUED
    title: str = ""
    recipe: dict[str, Any]
    photo: StoredFile | None = None
    mask: StoredFile | None = None
    guides: list[StoredFile] = Field(default_factory=list)
    frames: int = 1
    fps: float = 25
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
    lesson: Lesson | None = None
    outcome: Outcome | None = None


class Progress(BaseModel):
    """How far a running dream is.

    Attributes:
        octave: counted from 0, of ``octaves``.
        octaves: how many there are.
        step: counted from 0, of ``steps`` in an octave.
        steps: how many an octave has.
        frame: of a film, counted from 0.
        score: of the objective; it grows within an octave.
        fraction: of the work that is done.
        seconds_left: a guess, or None before there is one.
        stage: in words: loading, dreaming, writing.
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


class Shown(Dream):
    """A dream as the API shows it.

    Attributes:
        progress: while a worker has it.
        position: in the queue, counted from 1; None where it does not wait.
        refusal: why the last steering was refused; empty where it was not.
    """

    progress: Progress | None = None
    position: int | None = None
    refusal: str = ""


class ShownThing(BaseModel):
    """A thing as the API shows it.

    Attributes:
        number: that its pictures are sent to.
        name: what it is called.
        count: of its pictures.
    """

    number: int
    name: str
    count: int


class ShownLesson(BaseModel):
    """A lesson as the API shows it: a dream's fields, and its own.

    Attributes:
        id: unguessable.
        status: draft until it is asked for.
        name: of the network, without ending.
        base: the network that learns.
        seed: of the lesson.
        things: what it is taught.
        created: seconds since 1970; likewise ``started`` and ``ended``.
        started: when a worker took it.
        ended: when it was done, or failed.
        bytes: that its pictures take.
        error: why it failed, in a line.
        notices: what is to be known of its pictures.
        progress: while a worker has it.
        position: in the queue, counted from 1; None where it does not wait.
        outcome: how it last went; None before.
        here: whether the network of that is still in the studio.
    """

    id: str
    status: Status
    name: str
    base: str
    seed: int
    things: list[ShownThing]
    created: float
    started: float | None
    ended: float | None
    bytes: int
    error: str
    notices: list[str]
    progress: Progress | None
    position: int | None
    outcome: Outcome | None
    here: bool

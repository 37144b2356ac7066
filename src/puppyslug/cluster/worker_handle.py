"""One worker, as its driver knows it: what it takes, what it was asked, and what it answers."""

from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from puppyslug.cluster.actor import Hand, Wanted
from puppyslug.cluster.connection import Cluster
from puppyslug.cluster.versions import check_versions
from puppyslug.errors import ClusterError, PuppyslugError

AHEAD = 2  # items that a worker is asked for, so that it never waits for the driver
PROGRAM = 1_000_000_000  # bytes that a worker takes beside its job: torch, a network


class LostError(Exception):
    """A worker has died; the text says of what.

    Attributes:
        starved: whether that was for want of memory.
    """

    def __init__(self, reason: str, *, starved: bool = False) -> None:
        super().__init__(f"out of memory: {reason}" if starved else reason)
        self.starved = starved


class Needs(NamedTuple):
    """What a worker takes of a machine.

    Attributes:
        threads: of the processor.
        device: ``"cuda"`` takes a GPU.
        memory: bytes, beside the program.
    """

    threads: int
    device: str = "cpu"
    memory: int = 0

    @property
    def resources(self) -> dict[str, float]:
        """By the names of Ray's resources."""
        if self.device == "cuda":
            return {"CPU": 1, "GPU": 1, "memory": PROGRAM}
        return {"CPU": self.threads, "GPU": 0, "memory": PROGRAM + self.memory}


@dataclass
class Mate:
    """A worker.

    Attributes:
        cluster: where it is.
        actor: Ray's handle.
        answers: what it was asked and has not answered yet, in order.
        key: of its job, or None.
        there: whether it has started.
    """

    cluster: Cluster
    actor: Any
    answers: deque[Any]
    key: Any = None
    there: bool = False

    @classmethod
    def hired(cls, cluster: Cluster, needs: Needs, wanted: Wanted) -> "Mate":
        """Ask Ray for a worker, which it starts where and when there is room."""
        import ray

        resources = needs.resources
        hand: Any = ray.remote(Hand)
        actor = hand.options(
            num_cpus=resources["CPU"], num_gpus=resources["GPU"], memory=resources["memory"]
        ).remote(needs.threads, wanted)
        return cls(cluster, actor, deque([actor.ready.remote()]))

    def begin(self, key: Any, job: tuple[Any, ...]) -> None:
        """Give it a job, and ask for its first items."""
        self.key = key
        self.answers.append(self.actor.begin.remote(*job))
        self.answers.extend(self.actor.next.remote() for _ in range(AHEAD))

    def go_on(self) -> None:
        """Ask for one more item."""
        self.answers.append(self.actor.next.remote())

    def end(self) -> Any:
        """Have it rest; the key of the job that it had."""
        key, self.key = self.key, None
        self.answers.clear()
        return key

    def dismiss(self) -> None:
        """End its process."""
        import ray

        self.answers.clear()
        ray.kill(self.actor)

    def answer(self) -> tuple[bool, Any] | None:
        """Its next answer, which has come; None where it only says that it is there, or has begun.

        Raises:
            LostError: it has died.
            ClusterError: it cannot be used.
            PuppyslugError: its job's own.
        """
        import ray
        from ray.exceptions import RayError, RayTaskError

        try:
            answer = ray.get(self.answers.popleft())
        except RayTaskError as error:
            _raise_cause(error)
        except RayError as error:
            self._raise_loss(error)
        if not self.there:
            check_versions(answer, self.cluster.address)
            self.there = True
            return None
        found: tuple[bool, Any] | None = answer
        return found

    def _raise_loss(self, error: Exception) -> NoReturn:
        from ray.exceptions import OutOfMemoryError, RayActorError

        text = _one_line(error)
        if isinstance(error, RayActorError) and error.actor_init_failed:
            raise ClusterError(
                f"a machine of the cluster at {self.cluster.address} cannot start a worker; "
                f"is this puppyslug installed on all of them? ({text[-200:]})"
            ) from error
        raise LostError(text, starved=isinstance(error, OutOfMemoryError)) from error


def _raise_cause(error: Any) -> NoReturn:
    """Raise what a job raised; a worker out of memory counts as lost."""
    cause = error.cause
    if isinstance(cause, PuppyslugError):
        raise cause from None
    text = _one_line(cause)[:300]
    if isinstance(cause, MemoryError) or "can't allocate" in text:
        raise LostError(text, starved=True) from error
    raise ClusterError(f"unexpected {type(cause).__name__} on the cluster: {text}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())

"""The near side: a driver's workers, their jobs handed out, their losses made good."""

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, TypeVar

from puppyslug.cluster.connecting import Cluster, check_versions
from puppyslug.cluster.hand import Hand, Wanted
from puppyslug.errors import ClusterError, PuppyslugError

MOST = 256  # workers that are asked for at once, more than there is room for: autoscalers see it
AHEAD = 2  # items that a worker is asked for, so that it never waits for the driver
LOSSES = 20  # workers that may be lost one after the other without any item between
PROGRAM = 1_000_000_000  # bytes that a worker takes beside its job: torch, a network
_TICK = 1.0  # seconds, so that Ctrl-C is heard
_QUIET = 10.0  # seconds without any worker, after which that is said
_K = TypeVar("_K", bound=Hashable)


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
class _Mate:
    """A worker, as the driver knows it.

    Attributes:
        actor: Ray's handle.
        answers: what it was asked and has not answered yet, in order.
        key: of its job, or None.
        there: whether it has started.
    """

    actor: Any
    answers: deque[Any]
    key: Any = None
    there: bool = False


@dataclass
class Crew:
    """The workers of one command; a context that dismisses them at its end.

    Attributes:
        cluster: where they are.
        needs: what each takes.
        wanted: the network that each has.
        most: how many there are at most.
        tell: is told what the user should know.
    """

    cluster: Cluster
    needs: Needs
    wanted: Wanted
    most: int = MOST
    tell: Callable[[str], None] = lambda _: None
    _mates: list[_Mate] = field(default_factory=list)
    _losses: int = 0
    _alone_since: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for mate in list(self._mates):
            self._dismiss(mate)

    @property
    def room(self) -> int:
        """How many workers the cluster has room for, and are allowed."""
        return min(self.most, self.cluster.room(self.needs.resources))

    def stream(
        self,
        keys: Iterable[_K],
        start: Callable[[_K], tuple[Any, ...]],
        failed: Callable[[_K, PuppyslugError], None] | None = None,
    ) -> Iterator[tuple[_K, Any]]:
        """Have jobs done, each by one worker, and hand on their items as they come.

        A worker that is lost is made up for, and its job started again. An item is handed on once,
        each job's in order, so ``start`` can go on after the last one that was.

        Args:
            keys: of the jobs.
            start: gives a job's function and arguments, when a worker has time for it.
            failed: is told of a job that fails by itself; without it the error is raised.

        Yields:
            A job's key, and its next item.

        Raises:
            ClusterError: workers are lost, one after the other, without any progress.
            PuppyslugError: a job's own.
        """
        waiting = deque(keys)
        while waiting or any(mate.key is not None for mate in self._mates):
            self._engage(len(waiting))
            for mate in [mate for mate in self._mates if mate.there and mate.key is None]:
                if waiting:
                    self._give(mate, waiting, start, failed)
            if not waiting:
                self._let_go()
            for mate in self._answered():
                try:
                    found = self._answer(mate)
                except PuppyslugError as error:
                    key, mate.key = mate.key, None
                    mate.answers.clear()
                    if failed is None or key is None:
                        raise
                    failed(key, error)
                    continue
                except _LostError:
                    if mate.key is not None:
                        waiting.appendleft(mate.key)
                    self._dismiss(mate)
                    continue
                if found is None:
                    continue
                more, item = found
                if more:
                    self._losses = 0
                    mate.answers.append(mate.actor.next.remote())
                    yield mate.key, item
                else:
                    mate.key = None
                    mate.answers.clear()

    def _give(
        self,
        mate: _Mate,
        waiting: deque[_K],
        start: Callable[[_K], tuple[Any, ...]],
        failed: Callable[[_K, PuppyslugError], None] | None,
    ) -> None:
        """Give a worker the next job."""
        key = waiting.popleft()
        try:
            job = start(key)
        except PuppyslugError as error:
            if failed is None:
                raise
            failed(key, error)
            return
        mate.key = key
        mate.answers.append(mate.actor.begin.remote(*job))
        mate.answers.extend(mate.actor.next.remote() for _ in range(AHEAD))

    def _engage(self, waiting: int) -> None:
        """Ask for as many workers as there are jobs; Ray starts them where and when it can."""
        import ray

        busy = sum(mate.key is not None for mate in self._mates)
        for _ in range(min(self.most, waiting + busy) - len(self._mates)):
            options = {
                "num_cpus": self.needs.resources["CPU"],
                "num_gpus": self.needs.resources["GPU"],
                "memory": self.needs.resources["memory"],
            }
            hand: Any = ray.remote(Hand)
            actor = hand.options(**options).remote(self.needs.threads, self.wanted)
            self._mates.append(_Mate(actor, deque([actor.ready.remote()])))

    def _let_go(self) -> None:
        """Ask no longer for workers that there is no room for: no job waits for them."""
        coming = [mate for mate in self._mates if not mate.there]
        if coming and len(self._mates) > (room := max(1, self.room)):
            for mate in coming[room - len(self._mates) :]:
                self._dismiss(mate)

    def _answered(self) -> list[_Mate]:
        """The workers that have answered; whoever did goes to the end of the row."""
        import ray

        asked = {mate.answers[0]: mate for mate in self._mates if mate.answers}
        if not asked:
            return []
        try:
            ready, _ = ray.wait(list(asked), num_returns=1, timeout=_TICK)
        except ConnectionError as error:
            raise self._gone() from error
        self._notice_waiting()
        answered = [asked[one] for one in ready]
        for mate in answered:
            self._mates.remove(mate)
            self._mates.append(mate)
        return answered

    def _answer(self, mate: _Mate) -> tuple[bool, Any] | None:
        """A worker's next answer; None where it only says that it is there, or has begun.

        Raises:
            _LostError: it has died.
            ClusterError: it cannot be used, or too many have died.
            PuppyslugError: its job's own.
        """
        import ray
        from ray.exceptions import RayActorError, RayError, RayTaskError

        try:
            answer = ray.get(mate.answers.popleft())
        except RayTaskError as error:
            cause = error.cause
            if isinstance(cause, PuppyslugError):
                raise cause from None
            text = " ".join(str(cause).split())[:300]
            if not isinstance(cause, MemoryError) and "can't allocate" not in text:
                raise ClusterError(
                    f"unexpected {type(cause).__name__} on the cluster: {text}"
                ) from error
            self._lose(f"out of memory: {text}")
        except RayError as error:
            text = " ".join(str(error).split())
            if isinstance(error, RayActorError) and error.actor_init_failed:
                raise ClusterError(
                    f"a machine of the cluster at {self.cluster.address} cannot start a worker; "
                    f"is this puppyslug installed on all of them? ({text[-200:]})"
                ) from error
            self._lose(text)
        except ConnectionError as error:
            raise self._gone() from error
        if not mate.there:
            check_versions(answer, self.cluster.address)
            mate.there = True
            return None
        found: tuple[bool, Any] | None = answer
        return found

    def _lose(self, reason: str) -> None:
        self._losses += 1
        if self._losses > LOSSES:
            raise ClusterError(
                f"{self._losses} workers of the cluster were lost one after the other; what is "
                f"done is kept. The last one: {reason[:200]}"
            )
        raise _LostError

    def _gone(self) -> ClusterError:
        return ClusterError(
            f"the cluster at {self.cluster.address} is gone; what is done is kept, and the same "
            "command goes on"
        )

    def _notice_waiting(self) -> None:
        """Say once where no machine can take a worker."""
        if any(mate.there for mate in self._mates):
            self._alone_since = time.monotonic() + 1e9  # said, or not needed
        elif self._alone_since is None:
            self._alone_since = time.monotonic()
        elif time.monotonic() > self._alone_since + _QUIET:
            self._alone_since += 1e9
            cores, gpus, memory = self.needs.resources.values()
            self.tell(
                f"waiting for a machine of the cluster with {cores:.0f} free processor cores, "
                f"{'a GPU, ' if gpus else ''}{memory / 1e9:.1f} GB; --threads and --memory ask for "
                "less"
            )

    def _dismiss(self, mate: _Mate) -> None:
        import ray

        self._mates.remove(mate)
        mate.answers.clear()
        ray.kill(mate.actor)


class _LostError(Exception):
    """A worker has died."""

"""The near side: a driver's workers, their jobs handed out, their losses made good."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from puppyslug.cluster.actor import Wanted
from puppyslug.cluster.connection import Cluster
from puppyslug.cluster.worker_handle import LostError, Mate, Needs
from puppyslug.errors import ClusterError, PuppyslugError, plural

MOST = 256  # workers that are asked for at once, more than there is room for: autoscalers see it
LOSSES = 20  # times that a job may lose its worker
STARVED = 5  # losses that one for want of memory counts as: others will hardly have more
_TICK = 1.0  # seconds, so that Ctrl-C is heard
_QUIET = 15.0  # seconds without any worker, after which that is said; one starts in five to ten
_K = TypeVar("_K", bound=Hashable)


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
    _mates: list[Mate] = field(default_factory=list)
    _quiet_until: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for mate in list(self._mates):
            self._dismiss(mate)

    def at_once(self, jobs: int) -> int:
        """How many of so many jobs the cluster has room for; at least 1, for which it waits."""
        return max(1, min(self.most, jobs, self.cluster.room(self.needs.resources)))

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
            ClusterError: a job lost its worker again and again, or no worker starts.
            PuppyslugError: a job's own.
        """
        jobs = _Jobs(deque(keys), start, failed)
        while jobs.waiting or any(mate.key is not None for mate in self._mates):
            self._engage(len(jobs.waiting))
            for mate in self._mates:
                if mate.there and mate.key is None and jobs.waiting:
                    jobs.give(mate)
            if not jobs.waiting:
                self._let_go()
            for mate in self._answered():
                try:
                    found = mate.answer()
                except PuppyslugError as error:
                    jobs.fail(mate.end(), error)
                    continue
                except LostError as loss:
                    self.cluster.check()
                    self._dismiss(mate)
                    self._quiet_until = None  # there was room for it
                    jobs.lose(mate.end(), loss)
                    continue
                if found is None:
                    continue
                more, item = found
                if more:
                    jobs.losses[None] = 0
                    mate.go_on()
                    yield mate.key, item
                else:
                    mate.end()

    def _engage(self, waiting: int) -> None:
        """Ask for as many workers as there are jobs."""
        busy = sum(mate.key is not None for mate in self._mates)
        for _ in range(min(self.most, waiting + busy) - len(self._mates)):
            self._mates.append(Mate.hired(self.cluster, self.needs, self.wanted))

    def _let_go(self) -> None:
        """Ask no longer for workers that there is no room for: no job waits for them."""
        coming = [mate for mate in self._mates if not mate.there]
        if coming and len(self._mates) > (room := self.at_once(len(self._mates))):
            for mate in coming[room - len(self._mates) :]:
                self._dismiss(mate)

    def _answered(self) -> list[Mate]:
        """The workers that have answered; whoever did goes to the end of the row."""
        import ray

        asked = {mate.answers[0]: mate for mate in self._mates if mate.answers}
        if not asked:
            return []
        ready, _ = ray.wait(list(asked), num_returns=1, timeout=_TICK)
        if not ready:
            self.cluster.check()
        self._notice_waiting()
        answered = [asked[one] for one in ready]
        for mate in answered:
            self._mates.remove(mate)
            self._mates.append(mate)
        return answered

    def _notice_waiting(self) -> None:
        """Say once that no worker is there, which may be for want of a machine with room."""
        now = time.monotonic()
        if any(mate.there for mate in self._mates):
            self._quiet_until = None
        elif self._quiet_until is None:
            self._quiet_until = now + _QUIET
        elif now > self._quiet_until:
            self._quiet_until = math.inf
            cores, gpus, memory = self.needs.resources.values()
            self.tell(
                f"waiting for a first worker, which takes {plural(int(cores), 'processor core')}, "
                f"{'a GPU, ' if gpus else ''}{memory / 1e9:.1f} GB of a machine of the cluster; "
                "--threads and --memory ask for less"
            )

    def _dismiss(self, mate: Mate) -> None:
        self._mates.remove(mate)
        mate.dismiss()


@dataclass
class _Jobs(Generic[_K]):
    """What there is to do; see ``Crew.stream``.

    Attributes:
        waiting: keys of what nobody is at.
        start: as there.
        failed: as there.
        losses: of workers, by the job that they had; None for those that had none yet.
    """

    waiting: deque[_K]
    start: Callable[[_K], tuple[Any, ...]]
    failed: Callable[[_K, PuppyslugError], None] | None
    losses: Counter[_K | None] = field(default_factory=Counter)

    def give(self, mate: Mate) -> None:
        """Give a worker the next job."""
        key = self.waiting.popleft()
        try:
            job = self.start(key)
        except PuppyslugError as error:
            self.fail(key, error)
        else:
            mate.begin(key, job)

    def fail(self, key: _K | None, error: PuppyslugError) -> None:
        """Give a job up; what belongs to none ends them all."""
        if self.failed is None or key is None:
            raise error
        self.failed(key, error)

    def lose(self, key: _K | None, loss: LostError) -> None:
        """Have a job done again, whose worker was lost, unless that came too often."""
        self.losses[key] += STARVED if loss.starved else 1
        if self.losses[key] >= LOSSES:
            advice = "; a smaller --size, or --tile, takes less" if loss.starved else ""
            error = ClusterError(
                "the cluster lost one worker after the other over the same job; what is done is "
                f"kept. The last one: {str(loss)[:200]}{advice}"
            )
            self.fail(key, error)
        elif key is not None:
            self.waiting.appendleft(key)

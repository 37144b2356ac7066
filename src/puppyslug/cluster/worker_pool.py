"""Worker pool: runs jobs on the workers of a cluster, and repeats those of lost workers."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from puppyslug.cluster.backend import Backend, WorkerLostError, WorkerResources
from puppyslug.cluster.payload import NetworkPayload
from puppyslug.cluster.worker_handle import WorkerHandle
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.errors import ClusterError, PuppyslugError, plural
from puppyslug.recipe import InputFiles

MAX_WORKERS = 256  # requested at once, even beyond the capacity, so that autoscalers see the demand
MAX_LOSSES = 20  # after which a job is given up
OUT_OF_MEMORY_LOSSES = 5  # one counts as so many losses: other workers hardly have more memory
WAIT_SECONDS = 1.0  # between checks for Ctrl-C
NOTICE_SECONDS = 15.0  # without any worker before the user is told; one starts in 5 to 10 s
_K = TypeVar("_K", bound=Hashable)


@dataclass
class WorkerPool:
    """The workers of one command; a context manager that stops them on exit.

    Attributes:
        backend: the cluster on which they run.
        resources: what each worker reserves.
        network: the network that each worker loads.
        max_workers: upper limit of their number.
        on_message: called with messages for the user.
    """

    backend: Backend
    resources: WorkerResources
    network: NetworkPayload
    max_workers: int = MAX_WORKERS
    on_message: Callable[[str], None] = lambda _: None
    _workers: list[WorkerHandle] = field(default_factory=list)
    _notice_time: float | None = None  # when to say that no worker has started; inf once it is said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in list(self._workers):
            self._stop_worker(worker)

    def concurrency(self, jobs: int) -> int:
        """Return how many of a number of jobs can run at the same time, at least 1."""
        capacity = self.backend.capacity(self.resources.by_name)
        return max(1, min(self.max_workers, jobs, capacity))

    def stream(
        self,
        keys: Iterable[_K],
        make_job: Callable[[_K], tuple[Any, ...]],
        on_failure: Callable[[_K, PuppyslugError], None] | None = None,
    ) -> Iterator[tuple[_K, Any]]:
        """Run jobs, each on one worker, and yield their items as they arrive.

        The job of a lost worker is started again on another one. Every item is yielded once, and
        those of a job in order, so ``make_job`` can continue after the last item yielded.

        Args:
            keys: keys of the jobs.
            make_job: returns a job's function and arguments; called when a worker is free.
            on_failure: called with the error of a job that fails; None to raise the error.

        Yields:
            A job's key, and its next item.

        Raises:
            ClusterError: a job has lost too many workers, or workers cannot start.
            PuppyslugError: raised by a job.
        """
        jobs = _JobQueue(deque(keys), make_job, on_failure)
        while jobs.waiting or any(worker.busy for worker in self._workers):
            self._start_workers(len(jobs.waiting))
            for worker in self._workers:
                if worker.started and not worker.busy and jobs.waiting:
                    jobs.assign_next(worker)
            if not jobs.waiting:
                self._stop_surplus_workers()
            for worker in self._wait_for_results():
                yield from self._receive(worker, jobs)

    def _receive(self, worker: WorkerHandle, jobs: "_JobQueue[_K]") -> Iterator[tuple[_K, Any]]:
        """Take a worker's result: yield its item, or handle the end, failure or loss of its job."""
        try:
            result = worker.next_result()
        except PuppyslugError as error:
            jobs.fail(worker.release(), error)
        except WorkerLostError as loss:
            self.backend.check_connection()
            self._stop_worker(worker)
            self._notice_time = None  # there were free resources for it
            jobs.requeue(worker.release(), loss)
        else:
            if result is None:
                return
            has_item, item = result
            if not has_item:
                worker.release()
                return
            jobs.losses[None] = 0
            worker.request_item()
            yield worker.key, item

    def _start_workers(self, waiting: int) -> None:
        """Request as many workers as there are jobs."""
        busy = sum(worker.busy for worker in self._workers)
        for _ in range(min(self.max_workers, waiting + busy) - len(self._workers)):
            self._workers.append(WorkerHandle.start(self.backend, self.resources, self.network))

    def _stop_surplus_workers(self) -> None:
        """Withdraw requests for workers that do not fit on the cluster: no job waits for them."""
        starting = [worker for worker in self._workers if not worker.started]
        if not starting:
            return
        surplus = len(self._workers) - self.concurrency(len(self._workers))
        for worker in starting[-surplus:] if surplus > 0 else ():
            self._stop_worker(worker)

    def _wait_for_results(self) -> list[WorkerHandle]:
        """Wait for workers with a result; they move to the end of the list, for fairness."""
        workers = {worker.pending[0]: worker for worker in self._workers if worker.pending}
        if not workers:
            return []
        completed = self.backend.wait(list(workers), timeout=WAIT_SECONDS)
        if not completed:
            self.backend.check_connection()
        self._notify_if_no_worker()
        ready = [workers[future] for future in completed]
        for worker in ready:
            self._workers.remove(worker)
            self._workers.append(worker)
        return ready

    def _notify_if_no_worker(self) -> None:
        """Tell the user, once, that no worker has started, perhaps because none fits."""
        now = time.monotonic()
        if any(worker.started for worker in self._workers):
            self._notice_time = None
        elif self._notice_time is None:
            self._notice_time = now + NOTICE_SECONDS
        elif now > self._notice_time:
            self._notice_time = math.inf
            cores, gpus, memory = self.resources.by_name.values()
            self.on_message(
                "waiting for a first worker, which needs a machine with "
                f"{plural(int(cores), 'free processor core')}, {'a free GPU, ' if gpus else ''}and "
                f"{memory / 1e9:.1f} GB of memory; --threads and --memory reduce this"
            )

    def _stop_worker(self, worker: WorkerHandle) -> None:
        self._workers.remove(worker)
        worker.stop()


@dataclass
class _JobQueue(Generic[_K]):
    """The jobs of one call of ``WorkerPool.stream``.

    Attributes:
        waiting: keys of the jobs that no worker has.
        make_job: as in ``stream``.
        on_failure: as in ``stream``.
        losses: number of lost workers by the key of their job; None for those without one.
    """

    waiting: deque[_K]
    make_job: Callable[[_K], tuple[Any, ...]]
    on_failure: Callable[[_K, PuppyslugError], None] | None
    losses: Counter[_K | None] = field(default_factory=Counter)

    def assign_next(self, worker: WorkerHandle) -> None:
        """Assign the next job to a worker."""
        key = self.waiting.popleft()
        try:
            job = self.make_job(key)
        except PuppyslugError as error:
            self.fail(key, error)
        else:
            worker.assign(key, job)

    def fail(self, key: _K | None, error: PuppyslugError) -> None:
        """Report the failure of a job; raise an error that belongs to no job."""
        if self.on_failure is None or key is None:
            raise error
        self.on_failure(key, error)

    def requeue(self, key: _K | None, loss: WorkerLostError) -> None:
        """Queue the job of a lost worker again, unless it has lost too many."""
        self.losses[key] += OUT_OF_MEMORY_LOSSES if loss.out_of_memory else 1
        if self.losses[key] >= MAX_LOSSES:
            advice = "; try a smaller --size, or --tile" if loss.out_of_memory else ""
            error = ClusterError(
                "the cluster lost too many workers on the same job; finished work is kept. "
                f"Last reason: {str(loss)[:200]}{advice}"
            )
            self.fail(key, error)
        elif key is not None:
            self.waiting.appendleft(key)


def create_pool(
    backend: Backend,
    prepared: PreparedDream,
    files: InputFiles,
    *,
    on_message: Callable[[str], None],
    memory: int | None = None,
    max_workers: int = MAX_WORKERS,
) -> WorkerPool:
    """Create a pool whose workers use the network and the settings of a prepared dream.

    Args:
        backend: the cluster to run on.
        prepared: the dream; its recipe holds the number of threads and the device.
        files: files from which its network was loaded.
        on_message: called with messages for the user.
        memory: bytes that a job needs; None for the requirement of the whole dream.
        max_workers: upper limit of the number of workers.
    """
    resources = resources_for(prepared, prepared.required_memory if memory is None else memory)
    network = NetworkPayload.pack(prepared.network, files)
    return WorkerPool(backend, resources, network, max_workers, on_message)


def resources_for(prepared: PreparedDream, memory: int) -> WorkerResources:
    """Return the resources of a worker whose jobs need ``memory`` bytes."""
    return WorkerResources(prepared.recipe.threads or 1, prepared.network.device.type, memory)

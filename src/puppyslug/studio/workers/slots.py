"""How many jobs compute at the same time. A job that waits gives its slot to another one."""

import threading


class ComputeSlots:
    """A slot for each job that may compute, and the number of workers that need one.

    A worker whose job is paused keeps its process, but gives back its slot. Another worker takes
    its place, and one of them retires when both could compute.
    """

    def __init__(self, size: int) -> None:
        """Create free slots, for as many workers."""
        self._size = self._free = self._workers = size
        self._is_paused = False
        self._returning = 0  # jobs that wait for a slot to go on
        self._changed = threading.Condition()

    def take(self) -> bool:
        """Take a slot for a new job; False if none is free, or if a job that goes on needs it."""
        with self._changed:
            return self._take(self._free - self._returning)

    @property
    def is_paused(self) -> bool:
        """Whether no job may start or go on; those that have a slot keep it."""
        return self._is_paused

    def pause(self) -> None:
        """Give no slots until ``resume``."""
        self._is_paused = True

    def resume(self) -> None:
        """Give slots again."""
        with self._changed:
            self._is_paused = False
            self._changed.notify_all()

    def give_up(self) -> None:
        """Give back a slot for which there is no job."""
        with self._changed:
            self._free += 1

    def release(self) -> None:
        """Give back the slot of a job that has ended."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def park(self) -> bool:
        """Give back the slot of a job that waits; return whether another worker is needed."""
        with self._changed:
            self._free += 1
            self._workers -= 1
            self._changed.notify_all()
            is_needed = self._workers < self._size
            self._workers += is_needed
            return is_needed

    def unpark(self, *, waiting: bool) -> bool:
        """Take a slot for a job that goes on, before any new job.

        Args:
            waiting: whether this has been tried before, and the job waits since then.

        Returns:
            False if none is free; then the job waits for one, see ``stop_waiting``.
        """
        with self._changed:
            taken = self._take(self._free)
            self._workers += taken
            self._returning += (not taken) - waiting
            return taken

    def stop_waiting(self) -> None:
        """Leave the slot to other jobs: the one that waited for it goes on later, or never."""
        with self._changed:
            self._returning -= 1
            self._changed.notify_all()

    def end_parked(self) -> None:
        """Count the worker of a parked job that has ended without a slot."""
        with self._changed:
            self._workers += 1

    def retire(self) -> bool:
        """Return whether an idle worker is one too many; it does not count any more."""
        with self._changed:
            is_spare = self._workers > self._size
            self._workers -= is_spare
            return is_spare

    def notify(self) -> None:
        """Wake the workers that wait for a job."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, timeout: float) -> None:
        """Wait until a job is queued or a slot becomes free."""
        with self._changed:
            self._changed.wait(timeout)

    def _take(self, available: int) -> bool:
        if self._is_paused or available <= 0:
            return False
        self._free -= 1
        return True

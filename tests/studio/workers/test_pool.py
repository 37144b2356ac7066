"""The worker pool, with fake processes behind real pipes: death, retry, cancel, shutdown."""

import sqlite3
import threading
import time

import pytest

from puppyslug.errors import RecipeError
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import THUMBNAIL_FILE, DataFolder
from puppyslug.studio.jobs.models import TRAINING, Job, JobProgress, Status, TrainingConfig
from puppyslug.studio.jobs.progress_hub import ProgressHub
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.limits import Limits
from puppyslug.studio.workers import supervisor, turn
from puppyslug.studio.workers.pool import ProcessPool
from puppyslug.studio.workers.protocol import Command, JobCancelledError
from support.workers import FakeProcess

TIMEOUT = 30  # seconds; a job that gets stuck fails the test instead of blocking it


class Pool:
    """A pool of fake workers; ``run`` is what a worker does with a task."""

    def __init__(self, folder, size=1, **limits):
        self.folder = DataFolder(folder)
        self.store = JobStore(self.folder.database)
        self.hub = ProgressHub()
        self.processes = []
        self.tasks = []
        self.run = lambda process, task, control: control.emit("done")
        self.pool = ProcessPool(
            size, self.store, self.folder, self.hub, Limits(**limits), self._launch
        )
        self.pool.start()

    def _launch(self):
        process = FakeProcess(self._run_task)
        self.processes.append(process)
        return process, process.connection

    def _run_task(self, process, task, control):
        self.tasks.append(task)
        self.run(process, task, control)

    def submit(self, job_id, **fields):
        job = Job(id=job_id, created=1, **{"recipe": {}, **fields})
        self.folder.job_folder(job_id).mkdir()
        assert self.store.add(job, max_queued=100)
        self.pool.notify()

    def wait(self, job_id, *statuses):
        statuses = statuses or tuple(status for status in Status if status.ended)
        wait_until(lambda: self.store.get(job_id).status in statuses)
        return self.store.get(job_id)

    def close(self):
        self.pool.close()
        self.store.close()
        self.folder.release()


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.002)


@pytest.fixture
def create(tmp_path):
    pools = []

    def create_pool(size=1, **limits):
        pools.append(Pool(tmp_path / "data", size, **limits))
        return pools[-1]

    yield create_pool
    for pool in pools:
        pool.close()


@pytest.fixture(autouse=True)
def short_intervals(monkeypatch):
    monkeypatch.setattr(supervisor, "_POLL_INTERVAL", 0.005)
    monkeypatch.setattr(supervisor, "CANCEL_TIMEOUT", 0.02)


def die_with(exitcode):
    return lambda process, task, control: process.die(exitcode)


def poll_until_told(process, task, control):
    """Behave as a dream does: work until the server says stop or cancel."""
    control.emit("progress", JobProgress(stage="dreaming"))
    try:
        while not control.stopped:
            control.poll()
            time.sleep(0.002)
    except JobCancelledError:
        control.emit("cancelled")
    else:
        control.emit("done")


def ignore_commands(process, task, control):
    control.emit("progress", JobProgress(stage="dreaming"))
    wait_until(lambda: not process.is_alive())


def test_jobs_are_processed_in_order_by_one_process(create):
    pool = create()
    for job_id in "abc":
        pool.submit(job_id)
    ended = [pool.wait(job_id) for job_id in "abc"]
    assert {job.status for job in ended} == {Status.DONE}
    assert [task.job.id for task in pool.tasks] == ["a", "b", "c"]
    assert pool.tasks[0].folder == pool.folder.job_folder("a")
    assert pool.tasks[0].networks == pool.folder.networks
    assert len(pool.processes) == 1
    assert [job.attempts for job in ended] == [1, 1, 1]
    assert all(job.started <= job.ended for job in ended)


def test_two_workers_process_two_jobs_at_the_same_time(create):
    pool = create(size=2)
    both = threading.Barrier(2)

    def meet(process, task, control):
        both.wait(TIMEOUT)
        control.emit("done")

    pool.run = meet
    pool.submit("a")
    pool.submit("b")
    assert pool.wait("a").status is pool.wait("b").status is Status.DONE
    assert len(pool.processes) == 2


def test_messages_reach_the_store_and_the_hub(create):
    pool = create()
    proceed = threading.Event()

    def run(process, task, control):
        control.emit("update", {"recipe": {"seed": 1}, "width": 80})
        control.emit("progress", JobProgress(step=7))
        control.emit("preview", b"jpeg")
        control.emit("rejected", "jitter is too large")
        control.emit("paused")
        proceed.wait(TIMEOUT)
        control.emit("resumed")
        control.emit("update", {"width": 81})
        control.emit("failed", "the disk is full")

    pool.run = run
    pool.submit("a")
    paused = pool.wait("a", Status.PAUSED)
    assert (paused.recipe, paused.width) == ({"seed": 1}, 80)
    assert pool.hub.progress("a").step == 7
    assert pool.hub.preview("a") == b"jpeg"
    assert pool.hub.refusal("a") == "jitter is too large"
    proceed.set()
    failed = pool.wait("a")
    assert (failed.status, failed.error, failed.width) == (Status.FAILED, "the disk is full", 81)
    wait_until(lambda: pool.hub.progress("a") is None)


@pytest.mark.parametrize(("exitcode", "reason"), [(-9, "memory"), (3, "3")])
def test_a_process_that_dies_fails_its_job_and_is_replaced(create, exitcode, reason):
    pool = create()
    pool.run = die_with(exitcode)
    pool.submit("a")
    failed = pool.wait("a")
    assert failed.status is Status.FAILED
    assert reason in failed.error
    assert "smaller size" in failed.error
    pool.run = lambda process, task, control: control.emit("done")
    pool.submit("b")
    assert pool.wait("b").status is Status.DONE
    assert len(pool.processes) == 2


def test_the_remedy_for_training_is_fewer_pictures(create):
    pool = create()
    pool.run = die_with(-9)
    pool.submit("t", kind=TRAINING, lesson=TrainingConfig(base="efficientnet_lite0"))
    assert "fewer" in pool.wait("t").error


def test_a_film_whose_process_dies_is_retried_once(create):
    pool = create()
    pool.run = die_with(1)
    pool.submit("film", kind="zoom")
    failed = pool.wait("film")
    assert (failed.status, failed.attempts) == (Status.FAILED, 2)
    assert [task.job.attempts for task in pool.tasks] == [1, 2]
    assert len(pool.processes) >= 2


def test_a_job_is_cancelled_by_its_worker(create):
    pool = create()
    pool.run = poll_until_told
    pool.submit("a")
    wait_until(lambda: pool.pool.send("a", Command("cancel")))
    assert pool.wait("a").status is Status.CANCELLED
    pool.submit("b")
    wait_until(lambda: pool.pool.send("b", Command("stop")))
    assert pool.wait("b").status is Status.DONE


def test_a_worker_that_ignores_cancel_is_killed(create):
    pool = create()
    pool.run = ignore_commands
    pool.submit("a")
    wait_until(lambda: pool.pool.send("a", Command("cancel")))
    assert pool.wait("a").status is Status.CANCELLED
    assert not pool.processes[0].is_alive()
    pool.run = lambda process, task, control: control.emit("done")
    pool.submit("b")
    assert pool.wait("b").status is Status.DONE


def test_a_cancelled_job_whose_process_dies_is_cancelled(create, monkeypatch):
    monkeypatch.setattr(supervisor, "CANCEL_TIMEOUT", TIMEOUT)
    pool = create()
    died = threading.Event()

    def die_when_cancelled(process, task, control):
        try:
            while True:
                control.poll()
        except JobCancelledError:
            died.set()
            process.die(1)

    pool.run = die_when_cancelled
    pool.submit("film", kind="zoom")
    wait_until(lambda: pool.pool.send("film", Command("cancel")))
    assert died.wait(TIMEOUT)
    assert pool.wait("film").status is Status.CANCELLED


def test_commands_reach_only_the_job_they_are_for(create):
    pool = create()
    pool.run = poll_until_told
    pool.submit("a")
    pool.submit("b")
    pool.wait("a", Status.RUNNING)
    assert not pool.pool.send("b", Command("stop"))
    assert not pool.pool.send("gone", Command("stop"))
    wait_until(lambda: pool.pool.send("a", Command("stop")))
    assert pool.wait("a").status is Status.DONE
    wait_until(lambda: not pool.pool.send("a", Command("stop")))


def test_a_job_that_exceeds_the_time_limit_is_stopped_with_a_notice(create):
    pool = create(seconds=0.01)
    pool.run = poll_until_told
    pool.submit("a", notices=["earlier"])
    done = pool.wait("a")
    assert done.status is Status.DONE
    assert done.notices[0] == "earlier"
    assert "limit" in done.notices[1]


def test_a_job_that_does_not_stop_is_killed(create, monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_TIMEOUT", 0.02)
    pool = create(seconds=0.01)
    pool.run = ignore_commands
    pool.submit("a")
    failed = pool.wait("a")
    assert failed.status is Status.FAILED
    assert "limit" in failed.error
    assert not pool.processes[0].is_alive()


def test_running_jobs_stay_marked_as_running_when_the_pool_closes(create):
    pool = create(size=2)
    pool.run = ignore_commands
    pool.submit("a")
    pool.submit("film", kind="zoom")
    for job_id in ("a", "film"):
        pool.wait(job_id, Status.RUNNING)
    pool.submit("queued")
    wait_until(lambda: len(pool.tasks) == 2)
    pool.pool.close()
    assert not any(process.is_alive() for process in pool.processes)
    statuses = [pool.store.get(job_id).status for job_id in ("a", "film", "queued")]
    assert statuses == [Status.RUNNING, Status.RUNNING, Status.QUEUED]


def test_a_job_that_is_deleted_from_the_store_does_not_stop_the_worker(create):
    pool = create()
    started, proceed = threading.Event(), threading.Event()

    def run(process, task, control):
        started.set()
        proceed.wait(TIMEOUT)
        control.emit("update", {"width": 1})
        control.emit("done")

    pool.run = run
    pool.submit("a")
    assert started.wait(TIMEOUT)
    pool.store.update("a", status=Status.CANCELLED)
    assert pool.store.delete("a")
    proceed.set()
    pool.submit("b")
    assert pool.wait("b").status is Status.DONE


def test_an_error_in_the_server_fails_the_job_and_the_next_one_runs(create, caplog):
    pool = create()
    pool.run = lambda process, task, control: control.emit("nonsense")
    pool.submit("a")
    failed = pool.wait("a")
    assert failed.status is Status.FAILED
    assert "nonsense" in failed.error
    assert "supervisor" in caplog.text
    pool.run = lambda process, task, control: control.emit("done")
    pool.submit("b")
    assert pool.wait("b").status is Status.DONE


def test_ended_dreams_beyond_the_quota_are_deleted(create):
    pool = create(keep=1)

    def write(process, task, control):
        (task.folder / "dream.png").write_bytes(bytes(100))
        control.emit("done")

    pool.run = write
    for job_id in "abc":
        pool.submit(job_id)
    wait_until(lambda: pool.store.ids() == {"c"})
    wait_until(lambda: pool.store.get("c").status is Status.DONE)
    assert pool.store.get("c").bytes == 100
    assert pool.folder.size("a") == 0


def test_orders_to_a_hung_worker_neither_block_nor_prevent_cancelling(create):
    """A worker that reads nothing: the pipe fills up, then the queue of the server."""
    pool = create()
    pool.run = ignore_commands
    started = threading.Event()
    original = pool.run

    def hang(process, task, control):
        process.stop_reading()
        started.set()
        original(process, task, control)

    pool.run = hang
    pool.submit("a")
    pool.submit("b")
    assert started.wait(TIMEOUT)
    wait_until(lambda: pool.hub.progress("a") is not None)
    command = Command("steer", {"objective": "x" * 100_000})
    accepted = 0
    with pytest.raises(HTTPError) as raised:
        while accepted < 1000:
            assert pool.pool.send("a", command)
            accepted += 1
    assert raised.value.status == 503
    assert 0 < accepted < 300
    pool.run = poll_until_told
    assert pool.pool.send("a", Command("cancel"))
    assert pool.wait("a").status is Status.CANCELLED
    pool.wait("b", Status.RUNNING)
    wait_until(lambda: pool.pool.send("b", Command("stop")))
    assert pool.wait("b").status is Status.DONE


def test_a_worker_that_stops_in_the_middle_of_a_message_can_be_cancelled(create):
    pool = create()

    def stop_in_a_message(process, task, control):
        process.send_bytes_of_a_message()
        wait_until(lambda: not process.is_alive())

    pool.run = stop_in_a_message
    pool.submit("a")
    wait_until(lambda: pool.pool.send("a", Command("cancel")))
    assert pool.wait("a").status is Status.CANCELLED


def test_the_change_after_the_last_possible_one_is_refused(create):
    pool = create()
    pool.run = poll_until_told
    pool.submit("a", recipe={"schedule": [[0, 0, 0, "step_size", 1.0]] * 400})
    wait_until(lambda: pool.pool.send("a", Command("steer", {"strength": 0.5})))
    for number in range(600):
        assert pool.pool.send("a", Command("steer", {"step_size": 1.0 + number}))
        time.sleep(0.0005)
    with pytest.raises(RecipeError, match="at most 1000"):
        pool.pool.send("a", Command("steer", {"step_size": 1.0}))
    assert pool.pool.send("a", Command("steer", {"strength": 0.7}))
    assert pool.pool.send("a", Command("stop"))
    assert pool.wait("a").status is Status.DONE


def test_the_preview_of_a_dream_is_kept_if_its_worker_dies(create):
    pool = create()

    def preview_and_die(process, task, control):
        control.emit("preview", b"the picture so far")
        process.die(-9)

    pool.run = preview_and_die
    pool.submit("a")
    assert pool.wait("a").status is Status.FAILED
    thumbnail = pool.folder.job_folder("a") / THUMBNAIL_FILE
    assert thumbnail.read_bytes() == b"the picture so far"


def test_a_job_that_ends_on_a_full_disk_is_stored_once_there_is_room(create, monkeypatch):
    pool = create()
    full = threading.Event()
    write = pool.store.update_on_full_disk

    def fail_on_full_disk(job_id, **fields):
        if full.is_set():
            raise sqlite3.OperationalError("database or disk is full")
        return write(job_id, **fields)

    def fill_the_disk(process, task, control):
        full.set()
        control.emit("update", {"width": 640})
        control.emit("done")

    monkeypatch.setattr(pool.store, "update_on_full_disk", fail_on_full_disk)
    pool.run = fill_the_disk
    pool.submit("a")
    assert full.wait(TIMEOUT)
    time.sleep(0.1)
    assert pool.store.get("a").status is Status.RUNNING
    full.clear()
    job = pool.wait("a")
    assert (job.status, job.width) == (Status.DONE, 640)
    assert len(pool.processes) == 1


def test_no_job_starts_while_that_cannot_be_stored(create, monkeypatch):
    pool = create()
    start, errors = pool.store.start_next, iter([sqlite3.OperationalError("disk is full")] * 2)

    def fail_twice():
        error = next(errors, None)
        if error is not None:
            raise error
        return start()

    monkeypatch.setattr(pool.store, "start_next", fail_twice)
    pool.submit("a")
    assert pool.wait("a").status is Status.DONE
    assert len(pool.processes) == 1


def test_a_paused_job_gives_its_place_to_the_next(create):
    pool = create()
    events = []

    def run(process, task, control):
        events.append(f"{task.job.id} starts")
        while not control.stopped:
            control.poll()
            time.sleep(0.002)
        events.append(f"{task.job.id} ends")
        control.emit("done")

    pool.run = run
    for job_id in "abc":
        pool.submit(job_id)
    wait_until(lambda: pool.pool.send("a", Command("pause")))
    pool.wait("a", Status.PAUSED)
    pool.wait("b", Status.RUNNING)
    assert pool.store.get("c").status is Status.QUEUED
    assert pool.pool.send("a", Command("resume"))
    wait_until(lambda: pool.hub.progress("a").stage == supervisor.WAITING_STAGE)
    for job_id in "bac":
        wait_until(lambda job_id=job_id: pool.pool.send(job_id, Command("stop")))
        assert pool.wait(job_id).status is Status.DONE
    # a resumed job precedes new ones
    assert events == ["a starts", "b starts", "b ends", "a ends", "c starts", "c ends"]
    wait_until(lambda: sum(process.is_alive() for process in pool.processes) == 1)


def test_paused_jobs_can_be_stopped_and_too_many_cannot_be_paused(create):
    pool = create(paused=2)
    pool.run = poll_until_told
    for job_id in "abc":
        pool.submit(job_id)
    for job_id in "ab":
        wait_until(lambda job_id=job_id: pool.pool.send(job_id, Command("pause")))
        pool.wait(job_id, Status.PAUSED)
    pool.wait("c", Status.RUNNING)
    with pytest.raises(HTTPError, match="2 dreams are paused"):
        pool.pool.send("c", Command("pause"))
    for job_id, command, status in (
        ("a", "stop", Status.DONE),
        ("b", "cancel", Status.CANCELLED),
        ("c", "stop", Status.DONE),
    ):
        wait_until(lambda one=(job_id, command): pool.pool.send(one[0], Command(one[1])))
        assert pool.wait(job_id).status is status


def test_a_long_job_waits_while_short_ones_are_queued(create, monkeypatch):
    monkeypatch.setattr(turn, "LONG_TURN", 0)
    pool = create()
    pool.run = poll_until_told
    pool.submit("film", kind="zoom")
    pool.wait("film", Status.RUNNING)
    pool.submit("a")
    pool.wait("a", Status.RUNNING)
    wait_until(lambda: pool.hub.progress("film").stage == supervisor.WAITING_STAGE)
    assert pool.store.get("film").status is Status.RUNNING
    pool.submit("b")
    for job_id in "ab":
        wait_until(lambda job_id=job_id: pool.pool.send(job_id, Command("stop")))
        assert pool.wait(job_id).status is Status.DONE
    assert pool.pool.send("film", Command("stop"))
    assert pool.wait("film").status is Status.DONE


def test_a_paused_queue_starts_nothing_and_what_runs_goes_on(create):
    pool = create()
    pool.run = poll_until_told
    pool.submit("a")
    pool.wait("a", Status.RUNNING)
    pool.pool.pause()
    pool.submit("b")
    wait_until(lambda: pool.pool.send("a", Command("stop")))
    assert pool.wait("a").status is Status.DONE
    assert pool.pool.is_paused
    wait_until(lambda: pool.hub.progress("a") is None)
    assert pool.store.get("b").status is Status.QUEUED
    pool.pool.resume()
    pool.wait("b", Status.RUNNING)
    wait_until(lambda: pool.pool.send("b", Command("stop")))
    assert pool.wait("b").status is Status.DONE

"""The job store: queue order, transactions, counters, databases of other versions."""

import json
import sqlite3
import threading

import pytest

from puppyslug.errors import OutputError
from puppyslug.studio.jobs.database import SCHEMA_VERSION
from puppyslug.studio.jobs.disk_reserve import DiskReserve
from puppyslug.studio.jobs.models import TRAINING, Job, Status, TrainingConfig
from puppyslug.studio.jobs.store import JobStore

# the schema and a document as version 1 wrote them, before there were training jobs
VERSION_1 = """
CREATE TABLE dreams (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE NOT NULL,
    status TEXT NOT NULL,
    words TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX by_status ON dreams (status, number);
PRAGMA user_version = 1;
"""
DOCUMENT_1 = {
    "id": "old",
    "kind": "picture",
    "status": "done",
    "title": "cat.jpg",
    "recipe": {"objective": "relu4_4", "network": "vgg19", "preset": "classic"},
    "photo": {"file": "photo.jpg", "name": "cat.jpg", "sha256": "ab" * 32, "size": [60, 80]},
    "mask": None,
    "guides": [],
    "frames": 1,
    "fps": 25.0,
    "parent": None,
    "created": 1000.5,
    "started": 1001.0,
    "ended": 1002.0,
    "attempts": 1,
    "width": 80,
    "height": 60,
    "bytes": 77,
    "error": "",
    "notices": ["a notice"],
}


@pytest.fixture
def store(tmp_path):
    store = JobStore(tmp_path / "studio.db")
    yield store
    store.close()


def job(job_id, status=Status.QUEUED, **fields):
    fields = {"recipe": {"objective": "relu4_4", "network": "vgg19"}, "created": 1.0, **fields}
    return Job(id=job_id, status=status, **fields)


def training_job(job_id, status=Status.DRAFT, **fields):
    config = TrainingConfig(base="efficientnet_lite0")
    return job(job_id, status, kind=TRAINING, recipe={}, lesson=config, **fields)


def add(store, *jobs):
    for one in jobs:
        assert store.add(one, max_queued=100)


def ids(jobs):
    return [one.id for one in jobs]


def test_a_job_is_returned_as_it_was_added(store):
    added = job("a", title="Cat.JPG", notices=["one"], frames=5)
    add(store, added)
    assert store.get("a") == added
    assert store.get("b") is None


def test_jobs_are_kept_when_the_store_is_opened_again(store, tmp_path):
    add(store, job("a"), job("b", Status.DONE))
    store.close()
    reopened = JobStore(tmp_path / "studio.db")
    assert reopened.ids() == {"a", "b"}
    assert reopened.position("a") == 1
    reopened.close()


def test_the_queue_is_first_in_first_out(store):
    add(store, *(job(name) for name in "abc"))
    started = [store.start_next() for _ in range(3)]
    assert ids(started) == ["a", "b", "c"]
    assert {one.status for one in started} == {Status.RUNNING}
    assert {one.attempts for one in started} == {1}
    assert store.start_next() is None


def test_a_requeued_job_keeps_its_place(store):
    add(store, job("a"), job("b"))
    store.start_next()
    store.update("a", status=Status.QUEUED)
    again = store.start_next()
    assert (again.id, again.attempts) == ("a", 2)


def test_positions_count_queued_jobs_only(store):
    add(store, job("a"), job("b"), job("done", Status.DONE), job("c"), training_job("draft"))
    assert [store.position(name) for name in ("a", "b", "done", "c")] == [1, 2, None, 3]
    store.start_next()
    assert [store.position(name) for name in ("a", "b", "c", "gone")] == [None, 1, 2, None]
    assert store.count_queued() == 2


def test_a_full_queue_accepts_no_job(store):
    assert store.add(job("a"), max_queued=1)
    assert not store.add(job("b"), max_queued=1)
    assert store.ids() == {"a"}
    store.start_next()
    assert store.add(job("b"), max_queued=1)


def test_the_queue_limit_holds_for_simultaneous_threads(store):
    accepted = []

    def submit(number):
        accepted.append(store.add(job(f"job-{number}"), max_queued=5))

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(accepted) == store.count_queued() == len(store.ids()) == 5


def test_no_job_is_started_twice_by_simultaneous_threads(store):
    add(store, *(job(f"job-{number}") for number in range(20)))
    started = []

    def take_all():
        while one := store.start_next():
            started.append(one.id)

    threads = [threading.Thread(target=take_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == sorted(store.ids())


def test_an_update_depends_on_the_status(store):
    add(store, job("a"))
    assert store.update("a", if_status=(Status.RUNNING,), title="new") is None
    assert store.get("a").title == ""
    updated = store.update("a", if_status=(Status.QUEUED,), title="new")
    assert updated == store.get("a")
    assert updated.title == "new"
    assert store.update("gone", title="new") is None


def test_a_failed_transaction_changes_nothing(store, monkeypatch):
    add(store, job("a"))

    def fail(_):
        raise RuntimeError("between reading and writing")

    monkeypatch.setattr(store, "save", fail)
    with pytest.raises(RuntimeError, match="between"):
        store.start_next()
    monkeypatch.undo()
    assert store.get("a").status is Status.QUEUED
    assert store.start_next().id == "a"


def test_an_id_exists_once(store):
    add(store, job("a", title="first"))
    with pytest.raises(sqlite3.IntegrityError):
        store.add(job("a", title="second"), max_queued=100)
    assert store.get("a").title == "first"


@pytest.mark.parametrize("status", Status)
def test_only_inactive_jobs_are_deleted(store, status):
    add(store, job("a", status))
    assert store.delete("a") is (status not in {Status.RUNNING, Status.PAUSED})
    assert (store.get("a") is None) is (status not in {Status.RUNNING, Status.PAUSED})
    assert not store.delete("gone")


def test_dreams_are_listed_newest_first_in_pages(store):
    add(store, *(job(name) for name in "abcde"), training_job("t"))
    assert ids(store.list_dreams(2)) == ["e", "d"]
    assert ids(store.list_dreams(2, before="d")) == ["c", "b"]
    assert ids(store.list_dreams(9, before="a")) == []


def test_all_words_must_match_in_any_case(store):
    zoom = {"objective": "relu2_1", "network": "vgg19", "preset": "swirls"}
    add(store, job("a", title="Cat.jpg"), job("b", title="cat.jpg", recipe=zoom, kind="zoom"))
    assert ids(store.list_dreams(9, words="CAT")) == ["b", "a"]
    assert ids(store.list_dreams(9, words="swirls cat")) == ["b"]
    assert ids(store.list_dreams(9, words="zoom")) == ["b"]
    assert ids(store.list_dreams(9, words="cat relu9")) == []
    assert ids(store.list_dreams(9, words="%")) == []


def test_training_jobs_are_listed_and_counted_apart(store):
    add(store, job("a", bytes=5), training_job("t", bytes=7), training_job("u", bytes=9))
    assert ids(store.list_training_jobs()) == ["u", "t"]
    assert store.total_bytes() == 5
    assert store.total_bytes(training=True) == 16
    store.update("a", bytes=50)
    assert store.total_bytes() == 50
    store.delete("t")
    assert store.total_bytes(training=True) == 9


def test_jobs_of_a_status_are_listed_oldest_first(store):
    add(store, job("a"), job("b", Status.DONE), job("c", Status.FAILED), job("d", Status.DONE))
    assert ids(store.with_status(Status.DONE, Status.FAILED)) == ["b", "c", "d"]
    store.update("a", status=Status.DONE)
    assert ids(store.with_status(Status.DONE)) == ["a", "b", "d"]


def test_a_database_of_version_1_is_opened_and_upgraded(tmp_path):
    path = tmp_path / "studio.db"
    database = sqlite3.connect(path)
    database.executescript(VERSION_1)
    waiting = {**DOCUMENT_1, "id": "waiting", "status": "queued", "photo": None}
    for document in (DOCUMENT_1, waiting):
        database.execute(
            "INSERT INTO dreams (id, status, words, bytes, document) VALUES (?, ?, ?, ?, ?)",
            (document["id"], document["status"], "cat.jpg picture relu4_4 vgg19 classic", 77,
             json.dumps(document)),
        )  # fmt: skip
    database.commit()
    database.close()
    store = JobStore(path)
    old = store.get("old")
    assert old.model_dump(mode="json", include=set(DOCUMENT_1)) == DOCUMENT_1
    assert (old.lesson, old.outcome) == (None, None)
    assert ids(store.list_dreams(9, words="cat vgg19")) == ["waiting", "old"]
    assert store.total_bytes() == 2 * 77
    add(store, training_job("new"))
    assert ids(store.list_training_jobs()) == ["new"]
    assert store.start_next().id == "waiting"
    store.close()
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    database.close()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "studio.db"
    newer = SCHEMA_VERSION + 1
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {newer}")
    database.close()
    with pytest.raises(OutputError) as raised:
        JobStore(path)
    message = str(raised.value)
    assert str(path) in message
    assert str(newer) in message
    assert "update" in message
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA user_version").fetchone() == (newer,)
    assert database.execute("SELECT name FROM sqlite_master").fetchall() == []
    database.close()


def test_a_damaged_database_is_refused(tmp_path):
    path = tmp_path / "studio.db"
    path.write_bytes(b"not a database " * 100)
    with pytest.raises(OutputError, match="--data") as raised:
        JobStore(path)
    assert str(path) in str(raised.value)


class FullDisk:
    """A store on a disk that is full, except for what is freed."""

    def __init__(self, tmp_path, monkeypatch):
        self.path = tmp_path / "reserve"
        self.reserve = DiskReserve(self.path, 1000)
        self.store = JobStore(tmp_path / "studio.db", self.reserve)
        self.files = {job_id: tmp_path / job_id for job_id in "ab"}
        for job_id, path in self.files.items():
            self.store.add(job(job_id, Status.DONE), max_queued=9)
            path.write_text("x")
        self.reserve_helps = True
        write, save = self.store._delete, self.store.save
        monkeypatch.setattr(self.store, "_delete", lambda job_id: self.check() or write(job_id))
        monkeypatch.setattr(self.store, "save", lambda changed: self.check() or save(changed))
        monkeypatch.setattr(self.reserve, "fill", lambda: None)

    def check(self):
        room = self.reserve_helps and not self.path.exists()
        if not room and all(path.exists() for path in self.files.values()):
            raise sqlite3.OperationalError("database or disk is full")

    def delete_files(self, job_id):
        self.files[job_id].unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path, monkeypatch):
    disk = FullDisk(tmp_path, monkeypatch)
    yield disk
    disk.store.close()


@pytest.mark.parametrize("reserve_helps", [True, False])
def test_deleting_makes_room_on_a_full_disk(disk, reserve_helps):
    disk.reserve_helps = reserve_helps
    assert disk.store.delete("a", disk.delete_files)
    assert disk.store.ids() == {"b"}
    assert not disk.files["a"].exists()
    assert disk.files["b"].exists()


def test_a_running_job_keeps_its_files_on_a_full_disk(disk):
    disk.store.update_on_full_disk("a", status=Status.RUNNING)
    disk.path.write_text("full again")
    disk.reserve_helps = False
    assert not disk.store.delete("a", disk.delete_files)
    assert disk.files["a"].exists()


def test_the_end_of_a_job_is_stored_on_a_full_disk(disk):
    with pytest.raises(sqlite3.OperationalError):
        disk.store.update("a", error="x")
    assert disk.path.exists()
    assert disk.store.update_on_full_disk("a", error="x").error == "x"
    assert not disk.path.exists()


def test_the_reserve_is_filled_once_there_is_room(tmp_path):
    reserve = DiskReserve(tmp_path / "reserve", 1000)
    assert (tmp_path / "reserve").stat().st_size == 1000
    assert reserve.free()
    assert not reserve.free()
    reserve.fill()
    assert (tmp_path / "reserve").stat().st_size == 1000
    assert not DiskReserve(tmp_path / "missing" / "reserve").free()


def test_a_store_opens_on_a_full_disk(disk, tmp_path, monkeypatch):
    disk.store.close()
    connect = sqlite3.connect

    def connect_if_there_is_room(path, **options):
        if disk.path.exists():
            raise sqlite3.OperationalError("database or disk is full")
        return connect(path, **options)

    monkeypatch.setattr(sqlite3, "connect", connect_if_there_is_room)
    reserve = DiskReserve(disk.path)
    reopened = JobStore(tmp_path / "studio.db", reserve)
    assert reopened.ids() == {"a", "b"}
    reopened.close()

"""What happens in the studio, as all pages follow it."""

import json

import pytest

from puppyslug.studio.jobs.activity import ActivityFeed
from puppyslug.studio.jobs.models import Job, JobProgress, Status
from puppyslug.studio.jobs.progress_hub import ProgressHub
from puppyslug.studio.jobs.store import JobStore


@pytest.fixture
def store(tmp_path):
    store = JobStore(tmp_path / "studio.db")
    for name in "abc":
        store.add(Job(id=name, recipe={}, created=1), max_queued=9)
    yield store
    store.close()


def test_it_has_the_queue_in_order_and_the_progress_of_running_jobs(store):
    hub = ProgressHub()
    feed = ActivityFeed(store, hub)
    assert json.loads(feed.describe())["queue"] == ["a", "b", "c"]
    store.start_next()
    hub.update("a", progress=JobProgress(fraction=0.25), refusal="too large")
    activity = json.loads(feed.describe())
    assert activity["queue"] == ["b", "c"]
    assert activity["active"]["a"]["progress"]["fraction"] == 0.25
    assert activity["active"]["a"]["refusal"] == "too large"
    store.update("a", status=Status.DONE)
    assert json.loads(feed.describe())["active"] == {}


def test_its_version_changes_with_every_change_of_a_job_and_not_with_progress(store):
    hub = ProgressHub()
    feed = ActivityFeed(store, hub)
    version = json.loads(feed.describe())["version"]
    hub.update("a", progress=JobProgress(fraction=0.5))
    store.update("b", if_status=(), title="not renamed")
    assert json.loads(feed.describe())["version"] == version
    store.update("b", title="renamed")
    assert json.loads(feed.describe())["version"] != version
    version = json.loads(feed.describe())["version"]
    store.delete("c")
    assert json.loads(feed.describe())["version"] != version


def test_it_is_described_once_however_many_ask(store, monkeypatch):
    feed = ActivityFeed(store, ProgressHub())
    text = feed.describe()
    monkeypatch.setattr(store, "with_status", None)
    assert all(feed.describe() == text for _ in range(30))

"""The order of the queue."""

from puppyslug.studio.jobs.models import Job, Status
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.jobs.turns import order_queue


def job(name, kind="picture"):
    return Job(id=name, kind=kind, owner=name[0], recipe={}, created=1)


def order(*jobs, turns=None):
    return [one.id for one in order_queue(jobs, turns or {})]


def test_one_owner_is_served_in_order():
    assert order(job("a1"), job("a2"), job("a3")) == ["a1", "a2", "a3"]


def test_owners_take_turns_however_many_jobs_each_has():
    queue = [job("a1"), job("a2"), job("a3"), job("b1"), job("c1"), job("c2")]
    assert order(*queue) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_whoever_had_no_turn_for_longest_comes_first():
    queue = [job("a1"), job("b1"), job("c1")]
    assert order(*queue, turns={"a": 3, "b": 1}) == ["c1", "b1", "a1"]


def test_films_and_training_follow_all_pictures():
    queue = [job("a1", "zoom"), job("b1", "teach"), job("c1"), job("c2")]
    assert order(*queue) == ["c1", "c2", "a1", "b1"]


def test_three_pupils_take_turns_in_this_order(tmp_path):
    """On a fake clock, with one worker: a has many dreams, b few, c comes later."""
    seconds = {"a": 3, "b": 2, "c": 2}
    arrivals = [(0, f"a{n}") for n in range(1, 6)] + [(1, "b1"), (1, "b2"), (7, "c1"), (7, "c2")]
    store = JobStore(tmp_path / "studio.db")
    now, started = 0, []
    while len(started) < len(arrivals) or store.queue():
        for _, name in [one for one in arrivals if one[0] <= now and store.get(one[1]) is None]:
            store.add(job(name), max_queued=99)
        running = store.start_next()
        if running is None:
            now += 1
            continue
        started.append((now, running.id))
        store.update(running.id, status=Status.DONE)
        now += seconds[running.owner]
    store.close()
    assert started == [
        (0, "a1"), (3, "b1"), (5, "a2"), (8, "c1"), (10, "b2"), (12, "a3"), (15, "c2"),
        (17, "a4"), (20, "a5"),
    ]  # fmt: skip

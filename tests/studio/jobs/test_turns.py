"""The order of the queue."""

from puppyslug.studio.jobs.models import Job
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

"""Owners arrange their own jobs, and nobody gains a turn by it."""

import itertools

from puppyslug.studio.jobs.models import Job
from puppyslug.studio.jobs.queue_ranks import arrange
from puppyslug.studio.jobs.turns import order_queue


def job(name, rank=None, kind="picture"):
    return Job(id=name, kind=kind, owner=name[0], rank=rank, recipe={}, created=1)


def names(jobs):
    return [one.id for one in jobs]


def test_without_ranks_nothing_changes():
    jobs = [job("a1"), job("b1"), job("a2", kind="zoom"), job("a3")]
    assert names(arrange(jobs)) == ["a1", "b1", "a2", "a3"]


def test_ranked_jobs_precede_new_ones_of_the_same_owner():
    jobs = [job("a1", 1), job("b1"), job("a2", 0), job("a3")]
    assert names(arrange(jobs)) == ["a2", "b1", "a1", "a3"]


def test_pictures_and_films_are_arranged_apart():
    jobs = [job("a1", 1), job("a2", 0, "zoom"), job("a3", 0)]
    assert names(arrange(jobs)) == ["a3", "a2", "a1"]


def test_whatever_one_owner_arranges_the_turns_are_the_same():
    for ranks in itertools.permutations(range(3)):
        mine = [job(f"a{n}", rank) for n, rank in enumerate(ranks)]
        jobs = [mine[0], job("b1"), mine[1], job("c1"), job("b2"), mine[2]]
        for turns in ({}, {"a": 3, "b": 1, "c": 2}):
            owners = [one.owner for one in order_queue(arrange(jobs), turns)]
            unranked = [one.model_copy(update={"rank": None}) for one in jobs]
            assert owners == [one.owner for one in order_queue(unranked, turns)]

"""The actor class of a worker process."""

import pytest
import torch

from puppyslug.cluster.actor import WorkerActor
from puppyslug.cluster.versions import local_versions
from support.clusters import FakePayload


class CountingPayload(FakePayload):
    """A payload that counts how often its network is loaded."""

    loads = 0

    def load(self):
        self.loads += 1
        return super().load()


@pytest.fixture
def payload():
    return CountingPayload("a network")


@pytest.fixture
def actor(payload):
    return WorkerActor(torch.get_num_threads(), payload)


def pairs(network, *arguments):
    for argument in arguments:
        yield network, argument


def test_the_versions_are_those_of_this_machine(actor, payload):
    assert actor.versions() == local_versions()
    assert payload.loads == 0


def test_items_are_computed_one_by_one_with_the_network(actor):
    actor.start_job(pairs, 1, 2)
    assert actor.next_item() == (True, ("a network", 1))
    assert actor.next_item() == (True, ("a network", 2))
    assert actor.next_item() == (False, None)
    assert actor.next_item() == (False, None)


def test_a_new_job_replaces_the_previous_one_and_keeps_the_network(actor, payload):
    actor.start_job(pairs, 1, 2)
    actor.next_item()
    actor.start_job(pairs, 3)
    assert actor.next_item() == (True, ("a network", 3))
    assert actor.next_item() == (False, None)
    assert payload.loads == 1


def test_the_number_of_threads_is_set(payload):
    threads = torch.get_num_threads()
    try:
        WorkerActor(1, payload)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)


def test_without_a_job_there_are_no_items(actor):
    assert actor.next_item() == (False, None)

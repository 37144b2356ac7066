"""The API of the queue: moves among one's own jobs, expected times, what others see."""

import json

import pytest

from puppyslug.studio.jobs.models import Status
from support.studios import QUICK, assert_rejected


def submit(client, **fields):
    response = client.post("/api/dreams", data={"recipe": json.dumps(QUICK), **fields})
    assert response.status_code == 201, response.text
    return response.json()["id"]


@pytest.fixture
def dreams(client):
    return [submit(client) for _ in range(4)]


def queue(client):
    return [entry["id"] for entry in client.get("/api/queue").json()]


def move(client, job_id, **target):
    return client.post(f"/api/queue/{job_id}", json=target)


@pytest.mark.parametrize(
    ("index", "target", "order"),
    [
        (2, {"to": "first"}, [2, 0, 1, 3]),
        (2, {"to": "up"}, [0, 2, 1, 3]),
        (0, {"to": "up"}, [0, 1, 2, 3]),
        (1, {"to": "down"}, [0, 2, 1, 3]),
        (3, {"to": "down"}, [0, 1, 2, 3]),
        (0, {"to": "last"}, [1, 2, 3, 0]),
        (3, {"before": 1}, [0, 3, 1, 2]),
        (0, {"before": 3}, [1, 2, 0, 3]),
    ],
)
def test_jobs_are_moved(client, services, dreams, index, target, order):
    if "before" in target:
        target = {"before": dreams[target["before"]]}
    response = move(client, dreams[index], **target)
    expected = [dreams[number] for number in order]
    assert [entry["id"] for entry in response.json()] == expected
    assert list(services.store.queued_ids()) == expected
    later = submit(client)
    assert queue(client) == [*expected, later]
    assert services.store.start_next().id == expected[0]


def test_moves_survive_a_restart(client, services, dreams):
    move(client, dreams[3], to="first")
    again = type(services.store)(services.folder.database)
    assert again.queue()[0].id == dreams[3]
    again.close()


def test_films_are_moved_among_films(client, dreams):
    films = [submit(client, kind="zoom", frames="5") for _ in range(2)]
    move(client, films[1], to="first")
    assert queue(client) == [*dreams, films[1], films[0]]
    groups = [entry["group"] for entry in client.get("/api/queue").json()]
    assert len(set(groups[:4])) == len(set(groups[4:])) == 1
    assert groups[0] != groups[4]
    assert_rejected(move(client, films[0], before=dreams[0]), 409, "same kind")


def test_invalid_moves_are_rejected(client, services, dreams):
    for target in ({}, {"to": "sideways"}, {"to": "up", "before": dreams[1]}, {"x": 1}):
        assert_rejected(move(client, dreams[0], **target), 422)
    assert_rejected(move(client, dreams[0], before=dreams[0]), 409)
    assert_rejected(move(client, "nonsense", to="up"), 404)
    started = services.store.start_next()
    assert_rejected(move(client, started.id, to="first"), 409, "started")


def test_a_rerun_dream_goes_to_its_usual_place(client, services, dreams):
    move(client, dreams[3], to="first")
    client.post(f"/api/dreams/{dreams[3]}/cancel")
    client.post(f"/api/dreams/{dreams[3]}/rerun")
    assert queue(client) == dreams


def test_expected_times_follow_from_dreams_that_are_done(client, services, dreams):
    assert [entry["starts_in"] for entry in client.get("/api/queue").json()] == [
        0,
        None,
        None,
        None,
    ]
    services.store.update(dreams[0], status=Status.DONE, started=10.0, ended=18.0)
    times = [entry["starts_in"] for entry in client.get("/api/queue").json()]
    assert times == pytest.approx([0, 8, 16])


def test_an_empty_queue_is_an_empty_list(client):
    assert client.get("/api/queue").json() == []

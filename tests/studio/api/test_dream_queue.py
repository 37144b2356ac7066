"""The API of dreams without workers: the queue, its limits, the list and its search."""

import asyncio
import json

import httpx
import pytest

from puppyslug.studio import Limits, Services, create_app
from puppyslug.studio.jobs.models import Status
from support.studios import QUICK, assert_rejected, random_picture


def submit(client, **settings):
    response = client.post("/api/dreams", data={"recipe": json.dumps({**QUICK, **settings})})
    assert response.status_code == 201, response.text
    return response.json()["id"]


def test_dreams_are_listed_newest_first_with_search(client):
    ids = [submit(client, layer=f"relu2_{1 + number % 2}") for number in range(5)]
    found = client.get("/api/dreams", params={"words": "RELU2_2 clouds"}).json()
    assert [one["id"] for one in found] == [ids[3], ids[1]]
    latest = client.get("/api/dreams", params={"limit": 3}).json()
    assert [one["id"] for one in latest] == ids[:1:-1]
    older = client.get("/api/dreams", params={"limit": 2, "before": ids[2]}).json()
    assert [one["id"] for one in older] == ids[1::-1]
    assert_rejected(client.get("/api/dreams", params={"limit": 0}), 422, "limit")


def test_queued_dreams_have_positions_and_are_cancelled(client, services):
    one, other = submit(client), submit(client)
    assert [client.get(f"/api/dreams/{job_id}").json()["position"] for job_id in (one, other)] == [
        1,
        2,
    ]
    cancelled = client.post(f"/api/dreams/{one}/cancel").json()
    assert (cancelled["status"], cancelled["position"]) == ("cancelled", None)
    assert client.get(f"/api/dreams/{other}").json()["position"] == 1
    assert client.post(f"/api/dreams/{one}/rerun").json()["position"] == 1
    assert_rejected(client.post(f"/api/dreams/{one}/rerun"), 409, "queued")
    assert client.delete(f"/api/dreams/{one}").status_code == 204
    assert services.store.ids() == {other}
    assert_rejected(client.post(f"/api/dreams/{other}/stop"), 409, "queued")


def test_what_did_not_succeed_can_be_rerun(client, services):
    job_id = submit(client)
    for status in (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED):
        services.store.update(job_id, status=status, error="reason", ended=1.0, attempts=2)
        rerun = client.post(f"/api/dreams/{job_id}/rerun").json()
        assert (rerun["status"], rerun["error"], rerun["ended"]) == ("queued", "", None)
        assert rerun["attempts"] == 0
    services.store.update(job_id, status=Status.DONE)
    assert_rejected(client.post(f"/api/dreams/{job_id}/rerun"), 409, "done")


def test_a_film_cannot_be_changed_while_it_runs(client, services):
    form = {"recipe": json.dumps(QUICK), "kind": "zoom", "frames": "6"}
    job_id = client.post("/api/dreams", data=form).json()["id"]
    services.store.start_next()
    assert_rejected(client.post(f"/api/dreams/{job_id}/steer", json={"step_size": 2}), 409, "film")


def test_invalid_derived_dreams_are_rejected(client):
    job_id = submit(client)
    for body in ({"nonsense": 1}, {"size": "x"}, {"kind": "opera"}, {"recipe": []}, {"fps": "x"},
                 {"size": "60000"}):  # fmt: skip
        assert_rejected(client.post(f"/api/dreams/{job_id}/again", json=body), 422)
    assert_rejected(client.post(f"/api/dreams/{job_id}/again", json={"feed": True}), 409, "wait")


@pytest.mark.parametrize("limit", [1, 10])
def test_simultaneous_requests_are_queued_in_order_up_to_the_limit(tmp_path, limit):
    photo = random_picture((64, 48), "JPEG")

    async def submit_all(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

            async def send(number):
                recipe = json.dumps({**QUICK, "size": "64", "seed": number})
                files = {"photo": (f"{number}.jpg", photo)}
                return await client.post("/api/dreams", data={"recipe": recipe}, files=files)

            return await asyncio.gather(*(send(number) for number in range(3 * limit + 2)))

    with Services.open(tmp_path / "data", Limits(queue=limit), workers=0) as services:
        responses = asyncio.run(submit_all(create_app(services)))
        accepted = [one.json() for one in responses if one.status_code == 201]
        rejected = [one for one in responses if one.status_code != 201]
        assert len(accepted) == limit
        for response in rejected:
            assert_rejected(response, 429, str(limit))
            assert int(response.headers["retry-after"]) > 0
        positions = [services.store.position(one["id"]) for one in accepted]
        assert sorted(positions) == list(range(1, limit + 1))
        folders = (services.folder.path / "dreams").iterdir()
        assert {path.name for path in folders} == services.store.ids()


def test_trials_are_small_and_the_oldest_are_deleted(client, services):
    object.__setattr__(services.limits, "trials", 2)
    form = {"recipe": json.dumps(QUICK), "trial": "true"}
    ids = []
    for _ in range(5):
        ids.append(client.post("/api/dreams", data=form).json()["id"])
        services.store.update(ids[-1], status=Status.DONE)
    assert services.store.ids() == set(ids[2:])
    large = {"recipe": json.dumps({**QUICK, "size": "1000x800"}), "trial": "true"}
    assert_rejected(client.post("/api/dreams", data=large), 422, "trial")
    assert client.get("/api/dreams").json() == []

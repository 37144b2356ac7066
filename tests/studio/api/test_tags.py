"""The API of tags and favourites: changes of several dreams, filters, what is kept for long."""

import json

import pytest

from puppyslug.studio.jobs.data_folder import enforce_quota
from puppyslug.studio.jobs.models import Status
from puppyslug.studio.jobs.tags import MAX_TAGS
from support.studios import QUICK, assert_rejected


@pytest.fixture
def dreams(client):
    """Three dreams, oldest first."""
    form = {"recipe": json.dumps(QUICK)}
    return [client.post("/api/dreams", data=form).json()["id"] for _ in range(3)]


def edit(client, *dreams, **changes):
    return client.post("/api/tags", json={"dreams": dreams, **changes})


def listed(client, **query):
    return {dream["id"] for dream in client.get("/api/dreams", params=query).json()}


def test_dreams_are_found_by_their_tags(client, dreams):
    one, two, three = dreams
    changed = edit(client, one, two, add=["Holiday", "sea side"]).json()
    assert [dream["tags"] for dream in changed] == [["Holiday", "sea side"]] * 2
    edit(client, two, three, add=["mountains"])
    assert listed(client, tag="Holiday") == {one, two}
    assert listed(client, tag=["Holiday", "mountains"]) == {two}
    assert listed(client, tag="side") == set()
    assert listed(client, words="SIDE") == {one, two}
    edit(client, two, remove=["HOLIDAY"])
    assert listed(client, tag="Holiday") == {one}
    assert client.get("/api/tags").json() == [
        {"name": "Holiday", "count": 1},
        {"name": "mountains", "count": 2},
        {"name": "sea side", "count": 2},
    ]


def test_favourites_are_listed_and_leave_tags_as_they_are(client, dreams):
    edit(client, *dreams, add=["a"])
    assert edit(client, dreams[1], favourite=True).json()[0]["tags"] == ["a"]
    assert listed(client, favourite=True) == {dreams[1]}
    edit(client, dreams[1], add=["b"])
    assert listed(client, favourite=True, tag="b") == {dreams[1]}
    edit(client, dreams[1], favourite=False)
    assert listed(client, favourite=True) == set()
    assert listed(client) == set(dreams)


def test_tags_are_cleaned_and_known_spellings_are_kept(client, dreams):
    assert edit(client, dreams[0], add=["  New\u200b  York "]).json()[0]["tags"] == ["New York"]
    assert edit(client, dreams[1], add=["new york", "NEW YORK"]).json()[0]["tags"] == ["New York"]


def test_all_dreams_are_changed_or_none(client, dreams):
    edit(client, dreams[0], add=[str(number) for number in range(MAX_TAGS)])
    assert_rejected(edit(client, dreams[1], dreams[0], add=["x"]), 422, str(MAX_TAGS))
    assert listed(client, tag="x") == set()
    assert_rejected(edit(client, dreams[1], "nonsense", add=["x"]), 404)
    assert listed(client, tag="x") == set()
    for tag in ("", " \u200b", "x" * 31):
        assert_rejected(edit(client, dreams[1], add=[tag]), 422, "tag")
    assert_rejected(edit(client, add=["x"]), 422, "dreams")


def test_events_say_that_tags_have_changed(client, services, dreams):
    before = json.loads(services.activity.describe())["version"]
    edit(client, dreams[0], add=["x"])
    assert json.loads(services.activity.describe())["version"] > before


def test_tags_survive_the_end_of_a_dream(client, services, dreams):
    started = services.store.start_next()
    edit(client, started.id, add=["x"], favourite=True)
    services.store.update(started.id, status=Status.DONE, width=64)
    dream = client.get(f"/api/dreams/{started.id}").json()
    assert (dream["tags"], dream["favourite"]) == (["x"], True)


def test_the_quota_deletes_favourites_last(client, services, dreams):
    edit(client, dreams[0], favourite=True)
    for job_id in dreams:
        services.store.update(job_id, status=Status.DONE, bytes=100)
    enforce_quota(services.store, services.folder, 250)
    assert services.store.ids() == {dreams[0], dreams[2]}
    enforce_quota(services.store, services.folder, 50)
    assert services.store.ids() == {dreams[2]}

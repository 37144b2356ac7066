"""Training jobs: limits, editing, submission."""

import sqlite3
import threading

import pytest

from puppyslug.networks.finetuned import FINETUNED_SUFFIX
from puppyslug.studio import Limits, Services
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import Status, TrainingResult
from support.studios import random_picture, upload_of

UPLOADS = [upload_of(random_picture(seed=seed), f"{seed}.png") for seed in range(8)]


def complete_job(services, name):
    job = services.training.create()
    services.training.configure(job.id, {"name": name})
    added = services.training.add_class(job.id, "dog")
    for upload in UPLOADS[:3]:
        services.training.add_picture(job.id, added.number, upload)
    return job.id


@pytest.mark.parametrize(
    ("limits", "part"),
    [
        (Limits(pictures=2), "2"),
        (Limits(lessons=sum(len(upload.data) for upload in UPLOADS[:2]) + 100), "GB"),
    ],
)
def test_pictures_are_limited_in_number_and_bytes(tmp_path, limits, part):
    with Services.open(tmp_path / "data", limits, workers=0) as services:
        job = services.training.create()
        added = services.training.add_class(job.id, "dog")
        for upload in UPLOADS[:2]:
            services.training.add_picture(job.id, added.number, upload)
        with pytest.raises(HTTPError, match=part):
            services.training.add_picture(job.id, added.number, UPLOADS[2])
        (remaining,) = services.store.get(job.id).lesson.things
        assert len(remaining.pictures) == 2
        services.training.delete_picture(job.id, added.number, remaining.pictures[0].file)
        services.training.add_picture(job.id, added.number, UPLOADS[2])


def test_numbers_of_classes_are_not_reused_while_later_ones_exist(services):
    job = services.training.create()
    numbers = [services.training.add_class(job.id).number for _ in range(3)]
    services.training.delete_class(job.id, numbers[1])
    assert numbers == [1, 2, 3]
    assert services.training.add_class(job.id).number == 4


def test_simultaneous_edits_are_all_kept(services):
    job = services.training.create()
    number = services.training.add_class(job.id, "dog").number

    def add(upload):
        services.training.add_picture(job.id, number, upload)

    threads = [threading.Thread(target=add, args=(upload,)) for upload in UPLOADS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = services.store.get(job.id)
    assert len(stored.lesson.things[0].pictures) == len(UPLOADS)
    assert stored.bytes == sum(len(upload.data) for upload in UPLOADS)


def test_a_failed_edit_changes_nothing(services):
    job = services.training.create()
    services.training.configure(job.id, {"name": "pets"})
    with pytest.raises(HTTPError, match="vgg19"):
        services.training.configure(job.id, {"name": "cars", "base": "vgg19+googlenet"})
    config = services.store.get(job.id).lesson
    assert config.file == f"pets{FINETUNED_SUFFIX}"


def test_an_ended_job_can_be_edited_and_submitted_again(services):
    job_id = complete_job(services, "pets")
    for status in (Status.DONE, Status.FAILED, Status.CANCELLED, Status.INTERRUPTED):
        services.training.submit(job_id)
        queued = services.store.get(job_id)
        assert (queued.status, queued.error, queued.notices) == (Status.QUEUED, "", [])
        with pytest.raises(HTTPError, match="queued"):
            services.training.add_class(job_id)
        services.store.update(job_id, status=status, error="reason", notices=["notice"])
        services.training.configure(job_id, {"seed": 7})


def test_a_job_may_replace_its_own_network_but_no_other(services):
    job_id = complete_job(services, "pets")
    file = f"pets{FINETUNED_SUFFIX}"
    (services.folder.networks / file).write_bytes(b"x")
    with pytest.raises(HTTPError, match="another name"):
        services.training.submit(job_id)
    services.store.update(job_id, outcome=TrainingResult(file=file, things=[], pictures=[]))
    services.training.submit(job_id)
    assert services.store.get(job_id).status is Status.QUEUED


def test_a_deleted_job_cannot_be_edited(services):
    job = services.training.create()
    services.store.delete(job.id)
    for action in (services.training.submit, services.training.add_class):
        with pytest.raises(HTTPError) as raised:
            action(job.id)
        assert raised.value.status == 404


def test_a_picture_whose_job_cannot_be_stored_leaves_no_files(services, monkeypatch):
    job = services.training.create()
    number = services.training.add_class(job.id, "dog").number

    def fail(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(services.store, "update", fail)
        with pytest.raises(sqlite3.OperationalError):
            services.training.add_picture(job.id, number, UPLOADS[0])
    assert list(services.folder.class_folder(job.id, number).iterdir()) == []
    services.training.add_picture(job.id, number, UPLOADS[0])
    assert services.store.get(job.id).bytes == len(UPLOADS[0].data)
    with monkeypatch.context() as patch:
        patch.setattr(services.store, "update", fail)
        with pytest.raises(sqlite3.OperationalError):
            services.training.delete_class(job.id, number)
    assert len(list(services.folder.class_folder(job.id, number).iterdir())) == 2


def test_the_size_of_a_job_is_that_of_its_pictures(services):
    job = services.training.create()
    numbers = [services.training.add_class(job.id, name).number for name in ("dog", "cat")]
    for upload in UPLOADS[:3]:
        stored = services.training.add_picture(job.id, numbers[0], upload)
    services.training.add_picture(job.id, numbers[1], UPLOADS[3])
    services.training.delete_picture(job.id, numbers[0], stored.file)
    services.training.delete_class(job.id, numbers[1])
    assert services.store.get(job.id).bytes == sum(len(upload.data) for upload in UPLOADS[:2])

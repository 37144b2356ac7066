"""Opening a data folder: recovery after a crash, and folders that cannot be used."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from puppyslug.errors import OutputError
from puppyslug.studio import Limits, Services
from puppyslug.studio.jobs.data_folder import DataFolder
from puppyslug.studio.jobs.models import TRAINING, Job, Status, TrainingConfig
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.services import MAX_RESTARTS
from support.studios import LONG, QUICK, Studio, running_studio


def recover(data, *jobs):
    """Store jobs as a killed server leaves them, open the studio, and return their statuses."""
    folder = DataFolder(data)
    store = JobStore(folder.database)
    for number, fields in enumerate(jobs):
        folder.job_folder(str(number)).mkdir()
        job = Job(**{"id": str(number), "recipe": {}, "created": 1, **fields})
        assert store.add(job, max_queued=100)
    store.close()
    folder.release()
    with Services.open(data, Limits(), workers=0) as services:
        return [services.store.get(str(number)).status for number in range(len(jobs))]


def test_running_dreams_are_queued_again_and_others_are_left(tmp_path):
    statuses = recover(tmp_path / "data", *({"status": status, "attempts": 1} for status in Status))
    expected = {Status.RUNNING: Status.QUEUED, Status.PAUSED: Status.INTERRUPTED}
    assert statuses == [expected.get(status, status) for status in Status]


def test_a_dream_is_not_resumed_for_ever(tmp_path):
    running = {"status": Status.RUNNING}
    statuses = recover(
        tmp_path / "data",
        {**running, "attempts": MAX_RESTARTS - 1},
        {**running, "attempts": MAX_RESTARTS},
    )
    assert statuses == [Status.QUEUED, Status.INTERRUPTED]


def test_running_training_jobs_are_interrupted(tmp_path):
    training = {"kind": TRAINING, "lesson": TrainingConfig(base="efficientnet_lite0")}
    statuses = recover(
        tmp_path / "data",
        {**training, "status": Status.RUNNING, "attempts": 1},
        {**training, "status": Status.DRAFT},
        {**training, "status": Status.QUEUED},
    )
    assert statuses == [Status.INTERRUPTED, Status.DRAFT, Status.QUEUED]


def test_a_killed_server_resumes_its_queue_and_its_workers_exit(tmp_path):
    first = Studio(tmp_path / "data")
    ids = [first.dream({**LONG, "iterations": 150}), first.dream(QUICK), first.dream(QUICK)]
    first.wait_for_step(ids[0])
    workers = first.workers()
    first.close(signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive
    (tmp_path / "data/dreams/orphan").mkdir()
    (tmp_path / "data/dreams/orphan/photo.jpg").write_bytes(b"x")
    with running_studio(tmp_path / "data") as second:
        assert "orphan" not in second.files()
        dreams = [second.wait(job_id, "done") for job_id in ids]
        assert [one["attempts"] for one in dreams] == [2, 1, 1]
        ends = [one["ended"] for one in dreams]
        assert ends == sorted(ends)
        command = [sys.executable, "-m", "puppyslug", "studio", "--no-browser", "--port", "0"]
        command += ["--data", str(tmp_path / "data")]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (1, "")
        assert str(tmp_path / "data") in result.stderr
        assert "--data" in result.stderr


def test_dreams_without_their_database_are_not_deleted(tmp_path):
    data = tmp_path / "data"
    (data / "dreams" / "a").mkdir(parents=True)
    (data / "dreams" / "a" / "dream.png").write_bytes(b"x")
    for _ in range(2):  # the folder is unlocked again after the error
        with pytest.raises(OutputError, match="--data") as raised:
            Services.open(data, Limits(), workers=0)
        assert "studio.db" in str(raised.value)
    assert (data / "dreams" / "a" / "dream.png").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="--data"):
        Services.open(tmp_path / "data", Limits(), workers=0)
    tmp_path.chmod(0o700)


def test_a_studio_can_be_opened_again_after_it_is_closed(tmp_path):
    for _ in range(2):
        with Services.open(tmp_path / "data", Limits(), workers=0) as services:
            assert services.store.ids() == set()

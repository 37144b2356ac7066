"""The studio's remote worker: files on both sides, and a studio on a cluster."""

import numpy as np
import pytest

from puppyslug.cluster.remote_worker import read_changed_files, write_changed_files
from support.clusters import wait_until
from support.studios import LONG, QUICK, random_picture, running_studio


def test_a_jobs_folder_is_synchronised(tmp_path):
    local, remote = tmp_path / "local", tmp_path / "remote"
    local.mkdir()
    remote.mkdir()
    states = {}
    for name, text in (("photo.png", "a"), ("film.mp4.frames/000000.png", "b")):
        (local / name).parent.mkdir(exist_ok=True)
        (local / name).write_text(text)
    (local / "film.mp4.frames/lock").touch()
    (local / "film.mp4.frames/state.part.npz").touch()
    write_changed_files(remote, read_changed_files(local, states))
    assert read_changed_files(local, states) == {}
    assert sorted(path.name for path in remote.rglob("*") if path.is_file()) == [
        "000000.png",
        "photo.png",
    ]
    (local / "photo.png").write_text("changed")
    (local / "film.mp4.frames/000000.png").unlink()
    write_changed_files(remote, read_changed_files(local, states))
    assert [path.name for path in remote.rglob("*")] == ["photo.png"]
    assert (remote / "photo.png").read_text() == "changed"


@pytest.mark.slow
def test_a_studio_dreams_on_a_cluster(tmp_path, ray_cluster, monkeypatch):
    with running_studio(tmp_path / "local") as studio:
        dream = studio.dream({**QUICK, "size": "48"}, photo=("a.png", random_picture()))
        assert studio.wait(dream)["status"] == "done"
        expected = np.asarray(studio.image(dream))
    for name, value in ray_cluster.environment.items():
        monkeypatch.setenv(name, value)
    with running_studio(tmp_path / "remote", "--cluster", "auto") as studio:
        dream = studio.dream({**QUICK, "size": "48"}, photo=("a.png", random_picture()))
        assert studio.wait(dream)["status"] == "done"
        assert np.array_equal(np.asarray(studio.image(dream)), expected)
        steered = studio.dream(LONG)
        studio.wait_for_step(steered)
        assert studio.command(steered, "steer", step_size=3.0).is_success
        assert studio.command(steered, "stop").is_success
        assert studio.wait(steered)["status"] == "done"
        assert studio.get(steered)["recipe"]["schedule"]
        cancelled = studio.dream(LONG)
        studio.wait_for_step(cancelled)
        assert studio.command(cancelled, "cancel").is_success
        assert studio.wait(cancelled)["status"] == "cancelled"
        lost = studio.dream({**LONG, "iterations": 200})
        studio.wait_for_step(lost)
        wait_until(lambda: ray_cluster.actor_processes("RemoteWorker"))[0].kill()
        assert studio.wait(lost)["status"] == "done"

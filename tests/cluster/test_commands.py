"""Commands on a real Ray cluster: equal results, whatever is lost."""

import random
import shutil
import signal
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.clusters import RayCluster, wait_until
from support.films import decode_with_opencv, encode_video, moving_scene

pytestmark = pytest.mark.slow
SHORT = ["--layer", "relu1_1", "--octaves", "1", "--iterations", "2", "--quiet"]
FILM = ["film", "in.mp4", *SHORT, "--layer", "relu2_2"]


def scenes(count, frames, size=(96, 160)):
    """Frames of a film with cuts: a moving photo, and in every other scene its negative."""
    pictures = []
    for number in range(count):
        scene = moving_scene(frames, size=size, shift=(1.5, 0.5 * number))
        pictures += [255 - picture for picture in scene] if number % 2 else scene
    return pictures


@pytest.fixture(scope="module")
def reference(tmp_path_factory, ray_cluster):
    """A folder with a film of four scenes, and its dream without a cluster."""
    folder = tmp_path_factory.mktemp("reference")
    encode_video(folder / "in.mp4", scenes(4, 12))
    assert ray_cluster.run(*FILM, "-o", "local.mp4", cwd=folder) == (0, "")
    return folder


@pytest.fixture
def film_folder(folder, reference):
    """The working directory, with the film to dream."""
    shutil.copy(reference / "in.mp4", folder)
    return folder


def stored_frames(folder):
    """The number of frames in the checkpoint of ``remote.mp4``."""
    return len(list((folder / "remote.mp4.frames").glob("*-*.png")))


def assert_equal_films(folder, reference):
    assert (folder / "remote.mp4").read_bytes() == (reference / "local.mp4").read_bytes()


def test_a_port_without_a_cluster_is_reported(folder, ray_cluster):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"ray://127.0.0.1:{silent.getsockname()[1]}"
        status, errors = ray_cluster.run("dream", "--cluster", address)
    assert (status, errors.count("\n")) == (1, 1)
    assert address in errors


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("import ray; ray.__version__ = '1.0'", "1.0"),
        ("import puppyslug.cluster.versions as c; c.version = lambda name: '9.9'", "torch"),
    ],
)
def test_a_cluster_with_other_versions_is_refused(folder, ray_cluster, change, named):
    code = f"{change}; import sys; from puppyslug.cli import main; sys.exit(main())"
    address = ray_cluster.client if "ray;" in change else "auto"
    status, errors = ray_cluster.run("dream", "--cluster", address, program=("-c", code))
    assert (status, errors.count("\n")) == (1, 1)
    assert address in errors
    assert "versions" in errors
    assert named in errors


def test_killed_workers_neither_lose_nor_repeat_a_frame(film_folder, ray_cluster, reference):
    process = ray_cluster.start(*FILM, "-o", "remote.mp4", "--cluster", "auto")
    chance, killed = random.Random(7), 0
    while killed < 3 and process.poll() is None:
        if workers := ray_cluster.actor_processes():
            chance.choice(workers).kill()
            killed += 1
        time.sleep(chance.uniform(0.2, 1.5))
    output, errors = process.communicate(timeout=240)
    assert (process.returncode, output, errors) == (0, "remote.mp4\n", "")
    assert killed == 3
    assert_equal_films(film_folder, reference)
    assert len(decode_with_opencv(film_folder / "remote.mp4")) == 48


def test_a_film_survives_a_lost_machine_and_resumes_without_the_cluster(
    film_folder, reference, monkeypatch
):
    monkeypatch.setenv("RAY_CLIENT_RECONNECT_GRACE_PERIOD", "5")  # seconds; 30 by default
    cluster = RayCluster(cores=1)
    try:
        node = cluster.add_node()
        process = cluster.start(*FILM, "-o", "remote.mp4", "--cluster", cluster.client)
        wait_until(lambda: cluster.actor_processes(node=node) and cluster.actor_processes())
        wait_until(lambda: stored_frames(film_folder) > 3)
        cluster.kill(node)
        before = stored_frames(film_folder)
        wait_until(lambda: stored_frames(film_folder) > before + 10)
    finally:
        cluster.kill()
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors.count("\n")) == (1, 1), errors
    assert errors.startswith("error: ")
    assert cluster.client in errors
    assert cluster.run(*FILM, "-o", "remote.mp4") == (0, "")
    assert_equal_films(film_folder, reference)


def test_a_film_resumes_after_its_driver_was_interrupted_or_killed(
    film_folder, ray_cluster, reference
):
    command = [*(word for word in FILM if word != "--quiet"), "-o", "remote.mp4", "--cluster"]
    # Ray keeps the workers of a killed client for half a minute, so the other driver is killed.
    for number, status, address in (
        (signal.SIGINT, 130, ray_cluster.client),
        (signal.SIGKILL, -9, "auto"),
    ):
        process = ray_cluster.start(*command, address)
        before = stored_frames(film_folder)
        wait_until(lambda: stored_frames(film_folder) > before + 3)  # noqa: B023
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == status, errors
        assert "Traceback" not in errors
        if status == 130:
            assert "remote.mp4.frames" in errors
    assert ray_cluster.run(*FILM, "-o", "remote.mp4", "--cluster", "auto") == (0, "")
    assert_equal_films(film_folder, reference)


def test_an_atlas_is_the_same_on_a_cluster(folder, ray_cluster):
    command = ["atlas", "build", "vgg19", "relu1_1", "--size", "32", "--steps", "3", "--quiet"]
    atlases = []
    for cluster in ([], ["--cluster", "auto"]):
        assert ray_cluster.run(*command, *cluster) == (0, "")
        (atlas,) = (folder / "data/puppyslug/atlases").iterdir()
        atlases.append({file.name: file.read_bytes() for file in atlas.iterdir() if file.is_file()})
        atlas.rename(folder / f"atlas-{len(atlases)}")
    assert atlases[0] == atlases[1]


def test_pictures_masks_and_guides_are_sent_by_the_driver(folder, ray_cluster):
    for name, pixels in zip(("a", "b", "guide"), scenes(3, 1), strict=True):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    mask = np.zeros((96, 160), np.uint8)
    mask[:, 80:] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    command = ["dream", "--octaves", "2", "--iterations", "2", "--layer", "relu2_1", "--quiet"]
    command += ["--mask", "mask.png", "--guide", "guide.png", "--force"]
    (folder / "other").mkdir()
    Image.open("guide.png").save("other/a.png")
    for place, cluster in (("local", []), ("remote", ["--cluster", "auto"])):
        (folder / place).mkdir()
        with (folder / "b.png").open("rb") as opened:
            number = opened.fileno()
            private = f"/proc/self/fd/{number}"  # no other process can read it
            status, errors = ray_cluster.run(
                *command, "a.png", "other/a.png", private, "gone.png", "-o", place, *cluster,
                pass_fds=(number,),
            )  # fmt: skip
        assert (status, errors.count("\n")) == (1, 1)
        assert errors.startswith("error: ")
        assert "gone.png" in errors
    local, remote = (sorted(Path(place).iterdir()) for place in ("local", "remote"))
    assert [path.name for path in local] == [path.name for path in remote]
    assert len(local) == 3
    for path, other in zip(local, remote, strict=True):
        assert path.read_bytes() == other.read_bytes()


def test_a_picture_in_tiles_is_reproducible_and_survives_a_killed_worker(folder, ray_cluster):
    """``--see`` evaluates the tiles twice per step, with two networks."""
    command = ["dream", "clouds", "--size", "700x500", "--octaves", "1", "--iterations", "3"]
    command += ["--see", "castle", "--quiet", "-o", "remote.png", "--print-recipe"]
    process = ray_cluster.start(*command, "--cluster", "auto")
    wait_until(lambda: ray_cluster.actor_processes() or process.poll() is not None)
    time.sleep(2)
    for worker in ray_cluster.actor_processes()[:1]:
        worker.kill()
    output, errors = process.communicate(timeout=240)
    assert (errors, output.count('"tile": "35')) == ("", 1)
    assert '"tile": "35' in Image.open("remote.png").text["puppyslug"]
    assert ray_cluster.run("redo", "remote.png", "--quiet", "-o", "local.png") == (0, "")
    assert (folder / "local.png").read_bytes() == (folder / "remote.png").read_bytes()

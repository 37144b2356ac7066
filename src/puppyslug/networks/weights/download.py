"""Downloads weights from a list of mirrors; interrupted downloads resume, hashes are checked."""

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

from puppyslug.errors import WeightsError, option
from puppyslug.files.locks import acquire, release
from puppyslug.networks.specs import RemoteFile
from puppyslug.networks.weights.cache import cache_path, matches_checksum

CHUNK = 1 << 18  # bytes
MAX_BYTES = 4 << 30  # of a file of unknown size
URL_FOLDER = "urls"  # folder in the cache for files that the user named by their URL
TIMEOUT = (15, 60)  # seconds to connect, and between bytes
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.[a-z]+$")  # in torchvision's file names
_URL_FRAGMENT = re.compile(r"(sha256|sha1)=([0-9a-fA-F]{8,64})")

ProgressCallback = Callable[[int, int], None]


def fetch(file: RemoteFile, progress: ProgressCallback | None = None) -> Path:
    """Download a file into the cache, unless it is there already.

    Args:
        file: the file; its mirrors are tried in turn, and interrupted downloads resume.
        progress: called with the number of bytes so far and in total (0: unknown).

    Returns:
        The path of the file.

    Raises:
        WeightsError: no mirror has the file; the message names its hash and its path in the cache.
    """
    target = cache_path(file)
    if target.is_file() and matches_checksum(target, file.checksum):
        return target
    problems = []
    with _lock_download(target):
        for url in file.urls:
            try:
                _download(file, url, target, progress)
            except (OSError, ValueError, EOFError, tarfile.TarError, zlib.error) as error:
                problems.append(f"{urlsplit(url).hostname}: {_describe(error)}")
            else:
                return target
    hashed = f" with {file.checksum.replace(':', ' ')}" if file.checksum else ""
    manually = f"put it at {target}" if "/" not in file.name else f"pass it as {option('weights')}"
    raise WeightsError(
        f"{target.name} could not be downloaded ({'; '.join(problems)}); try again, or get a file "
        f"of this name{hashed} elsewhere and {manually}"
    )


def remote_file_from_url(url: str) -> RemoteFile:
    """Return the remote file at a URL that the user gives.

    Args:
        url: http or https. ``#sha256=…`` at its end, or a hash in the file name as in
            torchvision's, becomes the checksum.

    Raises:
        WeightsError: the URL is malformed or names no file.
    """
    try:
        url.encode("ascii")
        parts = urlsplit(url)
    except ValueError as error:
        raise WeightsError(
            f"{url[:80]!a} is not the URL of a file; write https://HOST/FILE"
        ) from error
    name = PurePosixPath(unquote(parts.path)).name
    if parts.scheme not in ("http", "https") or not parts.netloc or not name:
        raise WeightsError(f"{url} is not the URL of a file; write https://HOST/FILE")
    plain = url.partition("#")[0]
    if parts.fragment and not _URL_FRAGMENT.fullmatch(parts.fragment):
        raise WeightsError(
            f"{url} does not end in a hash; write #sha256= and its digits, or nothing"
        )
    if match := _URL_FRAGMENT.fullmatch(parts.fragment):
        checksum = f"{match[1]}:{match[2].lower()}"
    else:
        match = _HASH_IN_NAME.search(name)
        checksum = f"sha256:{match[1]}" if match else ""
    folder = hashlib.sha256(plain.encode()).hexdigest()[:12]
    return RemoteFile(f"{URL_FOLDER}/{folder}/{name}", (plain,), checksum, 0)


def is_url(text: str) -> bool:
    """Return whether a text is a URL rather than the path of a file."""
    return re.match(r"[a-z][a-z0-9+.-]+://", text, re.IGNORECASE) is not None


def _download(file: RemoteFile, url: str, target: Path, progress: ProgressCallback | None) -> None:
    """Download a file from one mirror.

    Raises:
        OSError: the file cannot be downloaded or written.
        ValueError: the hash does not match.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    is_archive = url.endswith((".tar.gz", ".tgz")) and not target.name.endswith((".gz", ".tgz"))
    has_full_hash = len(file.checksum.partition(":")[2]) in (40, 64)
    name = f"{target.name}.tar.gz" if is_archive else target.name
    if not has_full_hash:
        target.unlink(missing_ok=True)  # pooch would accept it unchecked: it compares full hashes
    max_bytes = 2 * file.size if file.size else MAX_BYTES
    partial = target.parent / f"{name}.{_hash_url(url)}.part"
    fetched = Path(
        pooch.retrieve(
            url,
            known_hash=file.checksum if has_full_hash and not is_archive else None,
            fname=name,
            path=target.parent,
            downloader=_ResumingDownloader(partial, max_bytes, progress),
        )
    )
    if is_archive:
        try:
            _extract(fetched, target)
        finally:
            fetched.unlink()
    if not matches_checksum(target, file.checksum):
        target.unlink()
        raise ValueError(f"the hash is not {file.checksum}")


class _ResumingDownloader:
    """A downloader for pooch that keeps an interrupted download and requests the rest next time."""

    def __init__(self, partial: Path, max_bytes: int, progress: ProgressCallback | None) -> None:
        self._partial = partial
        self._max_bytes = max_bytes
        self._progress = progress

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        import requests

        received = self._partial.stat().st_size if self._partial.exists() else 0
        range_header = {"Range": f"bytes={received}-"} if received else {}
        headers = {"Accept-Encoding": "identity", **range_header}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                self._partial.unlink()
                raise OSError("the partial download belongs to another file")
            response.raise_for_status()
            if response.status_code == requests.codes.ok:
                received = 0  # the server does not support ranges: start again
            elif response.status_code != requests.codes.partial_content:
                raise OSError(f"unexpected status {response.status_code}")
            elif not response.headers.get("Content-Range", "").startswith(f"bytes {received}-"):
                self._partial.unlink()
                raise OSError("the server sent another range than requested")
            self._save_chunks(response, received)
        shutil.move(self._partial, output_file)

    def _save_chunks(self, response: Any, received: int) -> None:
        length = response.headers.get("Content-Length", "")
        total = received + int(length) if length.isdigit() else 0
        with self._partial.open("ab" if received else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                received += len(chunk)
                if received > self._max_bytes:
                    break
                if self._progress is not None:
                    self._progress(received, total)
        if received > self._max_bytes:
            self._partial.unlink()
            raise OSError(f"is larger than {self._max_bytes / 1e6:.0f} MB, the expected maximum")
        if total and received < total:
            raise OSError(f"interrupted after {received / 1e6:.1f} of {total / 1e6:.1f} MB")


def _extract(archive: Path, target: Path) -> None:
    """Extract the member with the target's name from an archive, whatever folder it is in."""
    found = False
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.isfile() and PurePosixPath(member.name).name == target.name:
                source = opened.extractfile(member)
                assert source is not None
                with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                    extracted = Path(folder) / target.name
                    with extracted.open("wb") as file:
                        shutil.copyfileobj(source, file)
                    extracted.replace(target)
                found = True  # read on to the end, which contains a checksum
    if not found:
        raise ValueError(f"the archive does not contain {target.name}")


@contextlib.contextmanager
def _lock_download(target: Path) -> Iterator[None]:
    """Hold a lock, so that only one process downloads a file at a time.

    Raises:
        WeightsError: another process holds it, or the cache cannot be written.
    """
    lock = target.with_name(f"{target.name}.lock")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        acquired = acquire(lock)
    except OSError as error:
        raise WeightsError(
            f"the cache {target.parent} cannot be written: {error.strerror}; set PUPPYSLUG_CACHE "
            "to a writable folder"
        ) from error
    if not acquired:
        raise WeightsError(
            f"{target.name} is being downloaded by another process; wait until it has finished"
        )
    try:
        yield
    finally:
        release(lock)


def _hash_url(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:8]


def _describe(error: Exception) -> str:
    """Return in a few words why a download failed."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "interrupted"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, requests.Timeout):
        return "timed out"
    text = str(getattr(error, "strerror", None) or error)
    return "wrong hash" if "hash" in text else text.splitlines()[0][:120]

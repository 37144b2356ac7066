"""A process that reads untrusted files, within a limit of memory and time.

Decoders are large programs, and the file that one of them fails on is sent by anybody. So pictures
are decoded, and the recipes inside them are parsed, in a process of their own. Whatever happens
there is a reason to reject the file, and the server goes on.
"""

import json
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.uploads import PictureInfo, Upload, clean_file_name
from puppyslug.studio.workers.sandbox_process import run_sandbox
from puppyslug.studio.workers.service_process import ServiceProcess

MAX_MEMORY = 800_000_000  # bytes for one file
MAX_SECONDS = 30.0  # for one file


class Sandbox:
    """Reads one file after the other in a process, which is replaced if a file ends it.

    All methods may be called from any thread.
    """

    def __init__(self, *, memory: int = MAX_MEMORY, seconds: float = MAX_SECONDS) -> None:
        """Create a sandbox; the process starts with the first file, or by ``start``.

        Args:
            memory: maximum number of bytes that reading one file may take.
            seconds: time after which a file is rejected.
        """
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process = ServiceProcess("puppyslug-sandbox", run_sandbox, memory)

    def start(self) -> None:
        """Start the process, so that the first file need not wait for it."""
        with self._lock:
            self._process.connect()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._process.end()

    def decode_upload(self, name: str, data: bytes, *, max_pixels: int) -> Upload:
        """Validate and decode an uploaded picture.

        Args:
            name: file name that the client sent; untrusted.
            data: bytes of the file.
            max_pixels: maximum number of pixels, checked before decoding.

        Raises:
            HTTPError: the file is empty, not a picture, damaged or too large.
        """
        name = clean_file_name(name)
        if not data:
            raise HTTPError(422, f"{name} is empty (0 bytes); choose another file")
        result, thumbnail = self._call(
            {"function": "inspect_picture", "name": name, "max_pixels": max_pixels}, data
        )
        info = PictureInfo(result["suffix"], tuple(result["size"]), thumbnail)
        return Upload(name, data, **asdict(info))

    def read_recipe(self, name: str, data: bytes, networks: Path) -> dict[str, Any] | None:
        """Return the validated recipe inside an uploaded picture; None if it contains none.

        Args:
            name: file name that the client sent; untrusted.
            data: bytes of the file.
            networks: folder of the studio's trained networks, which the recipe may name.

        Raises:
            HTTPError: the file is not a picture, or its recipe is invalid.
        """
        name = clean_file_name(name)
        request = {"function": "read_recipe", "name": name, "networks": str(networks)}
        result, _ = self._call(request, data)
        recipe: dict[str, Any] | None = result["recipe"]
        return recipe

    def _call(self, request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        """Have a function run in the process.

        Returns:
            Its result, and the bytes that belong to it.
        """
        with self._lock:
            connection = self._process.connect()
            expired = threading.Event()

            def expire() -> None:
                expired.set()
                self._process.kill()

            timer = threading.Timer(self._seconds, expire)
            timer.start()
            try:
                connection.send_bytes(json.dumps(request).encode())
                connection.send_bytes(data)
                result = json.loads(connection.recv_bytes())
                extra = connection.recv_bytes()
            except (EOFError, OSError) as error:  # the process has died
                self._process.end()  # the next file has another one
                reason = f"takes more than {self._seconds:g} s" if expired.is_set() else (
                    "cannot be decoded"
                )  # fmt: skip
                raise HTTPError(
                    422, f"{request['name']} {reason}; save it again with another program"
                ) from error
            finally:
                timer.cancel()
        if "error" in result:
            raise HTTPError(422, result["error"])
        return result, extra

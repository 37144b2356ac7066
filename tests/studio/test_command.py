"""The command ``puppyslug studio``: address, token, quota, errors."""

import subprocess
import sys
import time

import httpx
import pytest

from support.studios import QUICK, running_studio

COMMAND = [sys.executable, "-m", "puppyslug", "studio", "--no-browser"]


def run(*arguments, cwd=None):
    command = [*COMMAND, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_beyond_this_machine_a_token_is_printed_and_required(tmp_path):
    with running_studio(tmp_path / "data", "--host", "0.0.0.0") as studio:
        address, _, token = studio.address.partition("/?token=")
        local = f"http://127.0.0.1:{address.rpartition(':')[2]}"
        assert len(token) >= 32
        assert httpx.get(f"{local}/healthz").status_code == 200
        assert httpx.get(f"{local}/").status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{local}/api/dreams", headers=headers).json() == []


def test_each_worker_is_a_process(tmp_path):
    with running_studio(tmp_path / "data", "--workers", "2") as studio:
        deadline = time.monotonic() + 60
        while len(studio.workers()) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(studio.workers()) == 2


def test_the_disk_quota_deletes_the_oldest_dreams(tmp_path):
    with running_studio(tmp_path / "data", "--keep", "1B") as studio:
        ids = [studio.dream({**QUICK, "seed": number}) for number in range(3)]
        studio.wait(ids[-1], "done")
        assert [one["id"] for one in studio.client.get("/api/dreams").json()] == ids[-1:]
        assert studio.files() == ids[-1:]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--host", "256.1.2.3"], ["256.1.2.3", "--host"]),
        (["--host", "example.invalid"], ["example.invalid", "--host"]),
        (["--keep", "much"], ["--keep", "'much'", "10GB"]),
        (["--data", "file"], ["file", "--data"]),
    ],
)
def test_errors_are_one_line(tmp_path, arguments, parts):
    (tmp_path / "file").write_text("x")
    if "--data" not in arguments:
        arguments = [*arguments, "--data", "data"]
    result = run("--port", "0", *arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    for part in parts:
        assert part in result.stderr


def test_a_port_in_use_is_refused(studio, tmp_path):
    port = studio.address.rstrip("/").rpartition(":")[2]
    result = run("--port", port, "--data", str(tmp_path / "data"))
    assert result.returncode == 1
    assert port in result.stderr
    assert "--port" in result.stderr

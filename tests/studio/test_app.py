"""The web application: pages, documentation of the API, error handlers."""

import errno
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from puppyslug.studio import create_app
from support.app_client import AppClient
from support.studios import assert_rejected, random_picture, recipe_in


def test_every_route_is_documented(client):
    schema = client.get("/api/openapi.json").json()
    page = Path("docs/studio.md").read_text()
    for path, methods in schema["paths"].items():
        assert path.removeprefix("/api") in page, path
        for method, operation in methods.items():
            assert operation.get("description") or operation.get("summary"), (method, path)


def test_the_pages_offer_only_networks_whose_weights_are_here(client):
    for path in ("/", "/teach"):
        page = client.get(path).text
        assert 'value="efficientnet_lite0"' in page
        assert 'value="googlenet"' not in page


def test_the_scripts_of_the_pages_exist(client):
    for path in ("/", "/teach"):
        page = client.get(path).text
        for url in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
            assert client.get(url).status_code == 200, url
    folder = Path("src/puppyslug/studio/static/js")
    for script in folder.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', script.read_text()):
            assert (folder / name).is_file(), (script.name, name)


@pytest.mark.parametrize(
    ("error", "status", "part"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 507, "No space left on device"),
        (sqlite3.OperationalError("database or disk is full"), 507, "disk is full"),
        (ZeroDivisionError("secret details"), 500, "log"),
    ],
)
def test_unexpected_errors_are_reported_in_one_line(services, monkeypatch, error, status, part):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(services.store, "list_dreams", fail)
    with AppClient(create_app(services)) as client:
        response = client.get("/api/dreams")
    assert_rejected(response, status, part)
    assert "secret" not in response.text


def test_the_client_in_the_docs_works(studio, tmp_path):
    page = Path("docs/studio.md").read_text()
    client, _ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(client.strip().splitlines()) <= 12
    (tmp_path / "cat.jpg").write_bytes(random_picture((96, 64), "JPEG"))
    script = client.replace("http://127.0.0.1:8000", studio.address.rstrip("/"))
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    assert "objective" in recipe_in((tmp_path / "cat.dream.png").read_bytes())


def test_the_server_does_not_import_torch():
    code = "import sys, puppyslug.studio; print('torch' in sys.modules)"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"

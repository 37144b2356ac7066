"""Fixtures for the studio: services and a client in this process, and a running server."""

import pytest

from puppyslug.studio import Limits, Services, create_app
from puppyslug.studio.workers.sandbox import Sandbox
from support.app_client import AppClient
from support.studios import running_studio, shared_by_studios


@pytest.fixture(scope="session", autouse=True)
def sandbox():
    """The sandbox of all studios in this process."""
    with shared_by_studios(Sandbox, "_create_sandbox") as shared:
        yield shared


@pytest.fixture
def services(tmp_path):
    """A studio without workers: jobs are queued but not processed."""
    with Services.open(tmp_path / "data", Limits(), workers=0) as services:
        yield services


@pytest.fixture
def client(services):
    """A client of the application over ``services``."""
    with AppClient(create_app(services)) as client:
        yield client


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """A server with one worker, in a process of its own, which trains on few views."""
    folder = tmp_path_factory.mktemp("studio")
    with running_studio(folder, program="support.small_studio", REPORT_STEPS="4") as studio:
        yield studio

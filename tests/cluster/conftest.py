"""Fixtures of the cluster tests."""

import pytest

from support.clusters import RayCluster


@pytest.fixture(scope="session")
def ray_cluster():
    """One Ray cluster of this machine for all tests."""
    cluster = RayCluster()
    yield cluster
    cluster.kill()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with the user's data folder in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path

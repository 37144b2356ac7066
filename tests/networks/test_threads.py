import os

import pytest

from puppyslug.networks import threads
from puppyslug.networks.threads import configure_threads


@pytest.fixture
def core_limit(tmp_path, monkeypatch):
    """Return a function that sets the limit of the container."""

    def write(text):
        (tmp_path / "cpu.max").write_text(text)

    monkeypatch.setattr(threads, "_CGROUP_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    return write


def test_waiting_threads_sleep(core_limit):
    environment = {}
    configure_threads(environment)
    assert environment == {"OMP_WAIT_POLICY": "PASSIVE"}


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_the_users_wait_policy_is_kept(core_limit, name):
    environment = {name: "ACTIVE"}
    configure_threads(environment)
    assert environment == {name: "ACTIVE"}


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("200000 100000", "2"),
        ("150000 100000", "2"),
        ("1000 100000", "1"),
        ("max 100000", None),
        ("900000 100000", None),
        ("", None),
        ("1 0", None),
    ],
)
def test_threads_are_limited_to_the_cores_of_a_container(core_limit, limit, expected):
    core_limit(limit)
    environment = {}
    configure_threads(environment)
    assert environment.get("OMP_NUM_THREADS") == expected


def test_the_users_number_of_threads_is_kept(core_limit):
    core_limit("200000 100000")
    environment = {"OMP_NUM_THREADS": "5"}
    configure_threads(environment)
    assert environment["OMP_NUM_THREADS"] == "5"

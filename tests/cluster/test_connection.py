"""Connecting to a cluster: addresses, a missing Ray, nothing that listens."""

import importlib.util
import subprocess
import sys

import pytest

from puppyslug.cluster import connect
from puppyslug.errors import ClusterError
from support.clusters import free_port
from support.commands import run_failing


def failure(address):
    """The message with which a connection fails."""
    with pytest.raises(ClusterError) as caught, connect(address):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_address_is_no_cluster():
    with connect(None) as cluster:
        assert cluster is None


def test_a_missing_ray_is_reported_with_the_command_that_installs_it(folder, capsys, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ray" else find_spec(name)
    )
    for command in (["dream"], ["atlas", "build", "vgg19", "relu1_1"]):
        assert "pip install 'puppyslug[cluster]'" in run_failing(
            capsys, *command, "--cluster", "auto"
        )
    assert not list(folder.iterdir())


def test_nothing_imports_ray_before_a_connection():
    code = (
        "import sys, puppyslug.cli, puppyslug.cluster.worker_pool, puppyslug.cluster.film;"
        "import puppyslug.cluster.pictures, puppyslug.cluster.tiles, puppyslug.cluster.atlas;"
        "import puppyslug.cluster.remote_worker;"
        "print([name for name in sys.modules if name.split('.')[0] in ('ray', 'grpc')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "address", ["there", "ray://", "ray://host", "ray://a:b", "127.0.0.1:6379"]
)
def test_an_invalid_address_is_refused_with_the_valid_forms(address):
    message = failure(address)
    assert repr(address) in message
    assert "auto, local or ray://HOST:PORT" in message


def test_an_address_where_nothing_listens_is_refused(monkeypatch):
    address = f"127.0.0.1:{free_port()}"
    assert f"ray://{address}" in failure(f"ray://{address}")
    for value in (address, "nonsense"):
        monkeypatch.setenv("RAY_ADDRESS", value)
        message = failure("auto")
        assert value in message
        assert "RAY_ADDRESS" in message


def test_the_studio_refuses_a_cluster_of_its_own_machine(folder, capsys):
    assert "--workers" in run_failing(capsys, "studio", "--cluster", "local")

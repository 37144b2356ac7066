"""Equal versions on all machines of a cluster."""

import subprocess
import sys

import pytest

from puppyslug.cluster import versions
from puppyslug.cluster.versions import check_versions, local_versions, make_version_probe
from puppyslug.errors import ClusterError


def test_equal_versions_are_accepted():
    check_versions(local_versions(), "ray://a:1")


@pytest.mark.parametrize(
    ("remote", "named"),
    [({"puppyslug": "0.0.1"}, r"puppyslug 0\.0\.1"), ({"torch": None}, "torch missing")],
)
def test_differences_are_named_with_the_address(remote, named):
    found = {name: text for name, text in {**local_versions(), **remote}.items() if text}
    with pytest.raises(ClusterError, match=named) as caught:
        check_versions(found, "ray://a:1")
    assert "ray://a:1" in str(caught.value)
    (package,) = remote
    assert local_versions()[package] in str(caught.value)


def test_the_probe_reads_versions_and_skips_missing_packages(monkeypatch):
    assert make_version_probe()() == local_versions()
    monkeypatch.setattr(versions, "_PACKAGES", ("torch", "not-installed-anywhere"))
    assert [*make_version_probe()()] == ["torch"]


def test_the_probe_runs_on_a_machine_without_puppyslug():
    cloudpickle = pytest.importorskip("ray.cloudpickle")
    code = (
        "import sys; sys.modules['puppyslug'] = None; from ray import cloudpickle; "
        "print(cloudpickle.load(sys.stdin.buffer)())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=cloudpickle.dumps(make_version_probe()),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().strip() == str(local_versions())

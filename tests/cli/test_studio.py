"""Options of ``puppyslug studio``; the running server is tested in tests/studio."""

import socket

import pytest

from puppyslug.cli import studio
from puppyslug.cli.announcement import url_host
from support.commands import run_failing


def test_the_disk_quota_has_a_unit():
    assert studio._parse_quota("10GB") == 10 * 10**9


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "[::1]"),
        ("[::1]", "[::1]"),
        ("0.0.0.0", socket.gethostname()),
        ("::", socket.gethostname()),
    ],
)
def test_urls_have_a_host_that_a_browser_can_open(host, expected):
    assert url_host(host) == expected


def test_any_free_port_can_be_requested():
    with studio._open_listener("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--keep", "lots"], ["--keep", "lots"]),
        (["--host", "192.0.2.1"], ["192.0.2.1", "--host"]),
    ],
)
def test_errors_name_the_wrong_value(tmp_path, capsys, arguments, parts):
    line = run_failing(capsys, "studio", "--no-browser", "--data", str(tmp_path), *arguments)
    for part in parts:
        assert part in line

"""The HTTP server: slow connections are closed, and there is a maximum number of them."""

import asyncio
import contextlib
import socket
import threading
import time

import pytest
import uvicorn

from puppyslug.studio import server

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
LARGE = 50_000_000  # bytes, more than the system buffers


async def app(scope, receive, send):
    """Answer after some time; the path /large has a large response."""
    assert scope["type"] == "http"
    await asyncio.sleep(0.6 if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(LARGE // 1_000_000 if scope["path"] == "/large" else 0):
        await send({"type": "http.response.body", "body": bytes(1_000_000), "more_body": True})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def address(monkeypatch):
    """A server with short timeouts."""
    monkeypatch.setattr(server, "HEADER_TIMEOUT", 0.3)
    monkeypatch.setattr(server, "SEND_TIMEOUT", 0.3)
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 20)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=server.LimitedProtocol, log_level="error", lifespan="off", timeout_keep_alive=60
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield listener.getsockname()
    running.should_exit = True
    thread.join()
    listener.close()


def connect(address, data=b""):
    connection = socket.create_connection(address, timeout=60)
    connection.sendall(data)
    return connection


def closed(connection):
    """Wait until the server closes a connection; return what it sent before."""
    data = bytearray()
    with contextlib.suppress(ConnectionResetError), connection:
        while part := connection.recv(100_000):
            data += part
    return bytes(data)


@pytest.mark.parametrize("data", [b"", b"GET / HTTP/1.1\r\nHost: loc", REQUEST[:-1]])
def test_a_connection_without_a_whole_header_is_closed(address, data):
    assert closed(connect(address, data)) == b""


def test_a_header_in_small_parts_does_not_keep_a_connection(address):
    with contextlib.suppress(OSError), connect(address) as connection:
        for _ in range(10_000):
            connection.sendall(b"G")
            time.sleep(0.05)
        pytest.fail("the connection is still open")


def test_a_connection_is_closed_after_its_last_response(address):
    assert closed(connect(address, REQUEST)).endswith(b"ok\r\n0\r\n\r\n")


def test_a_slow_response_is_not_cut(address):
    assert closed(connect(address, REQUEST.replace(b"/ ", b"/slow ", 1))).count(b"200 OK") == 1


def test_a_client_that_does_not_read_is_disconnected(address):
    connection = connect(address, REQUEST.replace(b"/ ", b"/large ", 1))
    time.sleep(1.5)
    assert len(closed(connection)) < LARGE


def test_a_client_that_reads_slowly_gets_everything(address):
    connection = connect(address, REQUEST.replace(b"/ ", b"/large ", 1))
    time.sleep(0.05)
    assert len(closed(connection)) > LARGE


def test_too_many_connections_end_the_one_that_has_waited_longest(address, monkeypatch):
    monkeypatch.setattr(server, "HEADER_TIMEOUT", 60)
    first = connect(address)
    time.sleep(0.05)
    others = [connect(address) for _ in range(20)]
    assert closed(first) == b""
    others[0].sendall(REQUEST)
    assert b"200 OK" in others[0].recv(1000)
    for other in others:
        other.close()


def test_a_request_that_is_cancelled_because_the_server_stops_is_no_error(monkeypatch, capsys):
    hanging, ended, servers = threading.Event(), threading.Event(), []

    async def hang(scope, receive, send):
        assert scope["type"] == "http"
        hanging.set()
        await asyncio.sleep(60)

    class Server(uvicorn.Server):
        async def startup(self, sockets=None):
            servers.append(self)
            await super().startup(sockets)

    def request_and_stop():
        with connect(listener.getsockname(), REQUEST):
            hanging.wait(30)
            servers[0].should_exit = True
            ended.wait(30)

    monkeypatch.setattr(uvicorn, "Server", Server)
    listener = socket.create_server(("127.0.0.1", 0))
    client = threading.Thread(target=request_and_stop)
    client.start()
    server.serve(hang, listener, on_start=lambda: None)
    ended.set()
    client.join()
    assert hanging.is_set()
    assert "Traceback" not in capsys.readouterr().err

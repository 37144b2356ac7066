"""``puppyslug studio``: dream in the browser."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli.options import Cluster
from puppyslug.cli.output import say
from puppyslug.errors import ClusterError, OutputError, RecipeError
from puppyslug.files.folders import data_folder
from puppyslug.recipe.sizes import memory_bytes

if TYPE_CHECKING:
    from fastapi import FastAPI

    from puppyslug.studio.workers.process import Start

Host = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="address to listen at; beyond this machine, such as 0.0.0.0, a token is asked for",
    ),
]
Port = Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 for any")]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="folder for dreams [default: the user's own for data]"
    ),
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="do not open the page")]
Workers = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, max=64, help="dreams at the same time")
]
Keep = Annotated[
    str,
    typer.Option(
        "--keep",
        metavar="SIZE",
        help="that dreams may take on disk; beyond, the oldest are deleted",
    ),
]


def studio(
    *,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    data: Data = None,
    no_browser: NoBrowser = False,
    workers: Workers = 1,
    keep: Keep = "10GB",
    cluster: Cluster = None,
) -> int:
    """Dream in the browser: drop a photo, watch the dream grow, steer it.

    Everything stays on this machine. Ctrl-C ends it; what was running goes on with the next start.
    """
    import secrets

    from puppyslug.studio import Limits, Services, create_app
    from puppyslug.studio.security import is_local
    from puppyslug.studio.workers.process import here

    begin = here if cluster is None else _afar(cluster)
    folder = data or data_folder()
    if data is None:
        folder.mkdir(parents=True, exist_ok=True)
    token = None if is_local(host) else secrets.token_urlsafe(24)
    with (
        _listening(host, port) as listener,
        Services.open(folder, Limits(keep=_bytes(keep)), workers, begin) as services,
    ):
        address = f"http://{_reachable(host)}:{listener.getsockname()[1]}/"
        if token is not None:
            address += f"?token={token}"
        _serve(create_app(services, host=host, token=token), listener, address, not no_browser)
    return 0


def _afar(address: str) -> "Start":
    """How the studio's workers get ready on a cluster, which has to be there.

    Raises:
        ClusterError: it is not, or is this machine alone.
    """
    from functools import partial

    from puppyslug.cluster import connected
    from puppyslug.cluster.remote_worker import afar

    if address == "local":
        raise ClusterError("the studio works on this machine anyway; say how much with --workers")
    with connected(address):
        return partial(afar, address)


def _serve(app: "FastAPI", listener: socket.socket, address: str, browse: bool) -> None:
    """Serve until Ctrl-C; the address is printed once it can be opened."""
    import contextlib
    import webbrowser

    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(address, flush=True)
            say("The studio is at the address above. Ctrl-C ends it.")
            if browse:
                webbrowser.open(address)

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=1
    )
    with contextlib.suppress(KeyboardInterrupt):
        Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        OutputError: the address is none of this machine's, or the port is taken.
    """
    try:
        listener = socket.create_server(
            (host.strip("[]"), port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=512,
        )
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"nothing can listen at {host}, port {port}: {reason}; give another --host or --port"
        ) from error
    # else an answer waits 40 ms for the receipt of its own head
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _reachable(host: str) -> str:
    """A host to put into an address, where one listens at all of them."""
    if host in {"0.0.0.0", "::", "[::]"}:
        return socket.gethostname()
    return f"[{host.strip('[]')}]" if ":" in host else host


def _bytes(text: str) -> int:
    from pydantic import ValidationError

    try:
        return memory_bytes(text)
    except ValidationError as error:
        raise RecipeError(f"--keep is {text!r}; give a size such as 10GB") from error

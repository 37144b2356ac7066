"""``puppyslug studio``: the web studio."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli.announcement import Announcement, announce_class, url_host
from puppyslug.cli.messages import print_message
from puppyslug.cli.options import Cluster
from puppyslug.errors import ClusterError, OutputError, RecipeError
from puppyslug.files.folders import data_folder
from puppyslug.recipe.defaults import (
    CLASS_HOST,
    STUDIO_DISK_QUOTA,
    STUDIO_HOST,
    STUDIO_PORT,
    STUDIO_WORKERS,
)
from puppyslug.recipe.sizes import parse_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from puppyslug.studio.workers.runner import RunnerFactory

Host = Annotated[
    str | None,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="address to listen on; one that other machines can reach, such as 0.0.0.0, requires "
        f"a token [default: {STUDIO_HOST}; with --class {CLASS_HOST}]",
    ),
]
Port = Annotated[
    int,
    typer.Option("--port", metavar="N", min=0, max=65535, help="port; 0 for any free port"),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="folder for dreams [default: the user's data folder]"
    ),
]
NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help="do not open the studio in a browser")
]
Workers = Annotated[
    int,
    typer.Option("--workers", metavar="N", min=1, max=64, help="number of dreams at the same time"),
]
Keep = Annotated[
    str,
    typer.Option(
        "--keep",
        metavar="SIZE",
        help="disk quota for dreams; the oldest that have ended are deleted first",
    ),
]
InClass = Annotated[
    bool,
    typer.Option(
        "--class",
        help="class mode: pupils join with a pass phrase, each has a gallery, and the teacher sees "
        "all",
    ),
]


def studio(
    *,
    host: Host = None,
    port: Port = STUDIO_PORT,
    data: Data = None,
    no_browser: NoBrowser = False,
    workers: Workers = STUDIO_WORKERS,
    keep: Keep = STUDIO_DISK_QUOTA,
    cluster: Cluster = None,
    in_class: InClass = False,
) -> int:
    """Dream in the browser: drop a photo, watch the dream, steer it.

    The studio runs on this machine; without --cluster, no data leaves it. Press Ctrl-C to stop it;
    running dreams resume when it starts again.
    """
    return open_studio(
        host, port, data, no_browser=no_browser, workers=workers, keep=keep, cluster=cluster,
        in_class=in_class,
    )  # fmt: skip


def open_studio(
    host: str | None = None,
    port: int = STUDIO_PORT,
    data: Path | None = None,
    *,
    no_browser: bool = False,
    workers: int = STUDIO_WORKERS,
    keep: str = STUDIO_DISK_QUOTA,
    cluster: str | None = None,
    in_class: bool = False,
    page: str = "",
) -> int:
    """Serve a studio until Ctrl-C, as ``puppyslug studio`` does; ``page`` is the one to open."""
    import secrets
    from dataclasses import replace

    from puppyslug.studio import Limits, Services, create_app
    from puppyslug.studio.limits import CLASS_LIMITS
    from puppyslug.studio.security import is_loopback
    from puppyslug.studio.workers.runner import create_local_runner

    create_runner = create_local_runner if cluster is None else _cluster_runner_factory(cluster)
    folder = data or data_folder()
    if data is None:
        folder.mkdir(parents=True, exist_ok=True)
    if host is None:
        host = CLASS_HOST if in_class else STUDIO_HOST
    token = None if in_class or is_loopback(host) else secrets.token_urlsafe(24)
    limits = replace(CLASS_LIMITS if in_class else Limits(), keep=_parse_quota(keep))
    with (
        _open_listener(host, port) as listener,
        Services.open(folder, limits, workers, create_runner, in_class=in_class) as services,
    ):
        port = listener.getsockname()[1]
        query = "" if token is None else f"?token={token}"
        announcement = Announcement(f"http://{url_host(host)}:{port}/{page}{query}")
        if services.classroom is not None:
            announcement = announce_class(services.classroom, host, port)
        app = create_app(services, host=host, token=token)
        _serve(app, listener, announcement, services.hub.close, open_browser=not no_browser)
    return 0


def _cluster_runner_factory(address: str) -> "RunnerFactory":
    """Check that a cluster is reachable, and return the factory of runners that use it.

    Raises:
        ClusterError: it is not reachable, or is this machine alone.
    """
    from functools import partial

    from puppyslug.cluster import connect
    from puppyslug.cluster.remote_worker import create_cluster_runner

    if address == "local":
        raise ClusterError(
            "--cluster local has no effect: the studio uses this machine anyway; set --workers"
        )
    with connect(address):
        return partial(create_cluster_runner, address)


def _serve(
    app: "FastAPI",
    listener: socket.socket,
    announcement: Announcement,
    on_stop: "Callable[[], None]",
    *,
    open_browser: bool,
) -> None:
    """Serve until Ctrl-C; print the URL when the server is ready."""
    import webbrowser

    from puppyslug.studio.server import serve

    def announce() -> None:
        print(announcement.text, flush=True)
        print_message("The studio is running at this address. Press Ctrl-C to stop it.")
        if open_browser:
            webbrowser.open(announcement.browser_address)

    serve(app, listener, announce, on_stop)


def _open_listener(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Raises:
        OutputError: the address is not one of this machine's, or the port is in use.
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
            f"cannot listen on {host}, port {port}: {reason}; choose another --host or --port"
        ) from error
    # Nagle's algorithm would delay response bodies by 40 ms
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _parse_quota(text: str) -> int:
    from pydantic import ValidationError

    try:
        return parse_memory(text)
    except ValidationError as error:
        raise RecipeError(f"--keep cannot be {text!r}; give a size such as 10GB") from error

"""Who sends a request: each browser has a cookie, and in a shared studio controls its own jobs."""

import ipaddress
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request, Response
from starlette.requests import HTTPConnection
from starlette.types import Scope

from puppyslug.studio.classroom.classroom import Classroom
from puppyslug.studio.limits import PupilLimits
from puppyslug.studio.owners import new_secret, owner_of

COOKIE = "puppyslug_browser"
COOKIE_AGE = 400 * 24 * 3600  # seconds, the longest that browsers keep a cookie


class Owned(Protocol):
    """What a browser has made, such as a job or a saved look."""

    owner: str


@dataclass(frozen=True)
class Visitor:
    """The sender of a request.

    Attributes:
        owner: id of the browser, which the jobs that it submits keep; empty for a script.
        controls_all: whether the visitor may control the jobs of others.
        sees_all: whether the visitor may see the jobs of others.
        limits: what the visitor may use; None where only the limits of the studio apply.
    """

    owner: str = ""
    controls_all: bool = True
    sees_all: bool = True
    limits: PupilLimits | None = None

    def may_control(self, owned: Owned) -> bool:
        """Return whether the visitor may change, stop and delete something."""
        return self.controls_all or self._owns(owned)

    def may_see(self, owned: Owned) -> bool:
        """Return whether the visitor may look at something."""
        return self.sees_all or self._owns(owned)

    def _owns(self, owned: Owned) -> bool:
        return bool(self.owner and self.owner == owned.owner)


def identify(
    request: HTTPConnection, *, shared: bool, classroom: Classroom | None = None
) -> Visitor:
    """Return the sender of a request, which the middleware has let in.

    In a studio that other machines can reach, a browser controls its own jobs only. The machine
    that the studio runs on controls all, as do scripts, which send the token as a bearer token.
    The cookie protects from mistakes: who knows the token can also write a script.

    In class mode, a pupil sees and controls only what the pupil's own browser has submitted; the
    teacher sees and controls all.

    Args:
        request: the request, or a WebSocket.
        shared: whether other machines can reach the studio.
        classroom: the class; None without class mode.
    """
    owner = owner_of(request.cookies.get(COOKIE, ""))
    if classroom is not None:
        if request.scope.get("is_teacher"):
            return Visitor(owner)
        return Visitor(owner, controls_all=False, sees_all=False, limits=classroom.limits)
    is_script = request.headers.get("authorization", "").lower().startswith("bearer ")
    return Visitor(owner, not shared or is_script or is_loopback_client(request.scope))


def ensure_cookie(request: Request, response: Response) -> None:
    """Give a browser its cookie with the first page."""
    if not request.cookies.get(COOKIE):
        set_browser_cookie(response, new_secret())


def set_browser_cookie(response: Response, secret: str, *, samesite: str = "strict") -> None:
    """Give a browser a cookie with a secret, which scripts of pages cannot read.

    Args:
        response: response to the browser.
        secret: secret whose hash is the id of the browser.
        samesite: ``lax`` where links from other sites must find the browser's gallery, too.
    """
    response.set_cookie(
        COOKIE,
        secret,
        max_age=COOKIE_AGE,
        httponly=True,
        samesite="lax" if samesite == "lax" else "strict",
    )


def is_loopback_client(scope: Scope) -> bool:
    """Return whether a request comes from this machine, over its loopback interface."""
    return _is_loopback(_host(scope, "client"))


def is_own_machine(scope: Scope) -> bool:
    """Return whether a request comes from this machine, over any of its addresses."""
    client, server = _host(scope, "client"), _host(scope, "server")
    return _is_loopback(client) or (bool(client) and client == server)


def _host(scope: Scope, end: str) -> str:
    address = scope.get(end)
    return str(address[0]) if address else ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Who sends a request: each browser has a cookie, and in a shared studio controls its own jobs."""

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request, Response

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
    """

    owner: str = ""
    controls_all: bool = True

    def may_control(self, owned: Owned) -> bool:
        """Return whether the visitor may change, stop and delete something."""
        return self.controls_all or bool(self.owner and self.owner == owned.owner)


def identify(request: Request, *, shared: bool) -> Visitor:
    """Return the sender of a request.

    In a studio that other machines can reach, a browser controls its own jobs only. The machine
    that the studio runs on controls all, as do scripts, which send the token as a bearer token.
    The cookie protects from mistakes: who knows the token can also write a script.

    Args:
        request: the request.
        shared: whether other machines can reach the studio.
    """
    secret = request.cookies.get(COOKIE, "")
    owner = hashlib.sha256(secret.encode()).hexdigest()[:20] if secret else ""
    is_script = request.headers.get("authorization", "").lower().startswith("bearer ")
    return Visitor(owner, not shared or is_script or _is_local(request))


def ensure_cookie(request: Request, response: Response) -> None:
    """Give a browser its cookie with the first page."""
    if not request.cookies.get(COOKIE):
        response.set_cookie(
            COOKIE,
            secrets.token_urlsafe(24),
            max_age=COOKIE_AGE,
            httponly=True,
            samesite="strict",
        )


def _is_local(request: Request) -> bool:
    if request.client is None:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False

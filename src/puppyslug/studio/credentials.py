"""Tokens in requests: in the query on the first visit, then in a cookie; or as a bearer token."""

import hmac
from collections.abc import Iterator
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

COOKIE = "puppyslug_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_equal(candidate: str, token: str) -> bool:
    """Compare a token in a time that does not depend on how much of it is right."""
    return hmac.compare_digest(candidate.encode("utf-8", "replace"), token.encode())


def query_token(scope: Scope) -> str:
    """Return the token in the query of a request that only reads; empty if there is none."""
    if scope["method"] not in SAFE_METHODS:
        return ""
    return _query(scope).get("token", [""])[-1]


def remember_token(scope: Scope, token: str) -> Response:
    """Return a redirect to the same page without the token in its address, and with a cookie."""
    query = _query(scope)
    query.pop("token", None)
    rest = f"?{urlencode(query, doseq=True)}" if query else ""
    path = "/" + scope["path"].lstrip("/")  # two slashes would name another host
    response = RedirectResponse(path + rest, status_code=303)
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict")
    return response


def sent_tokens(headers: Headers) -> Iterator[str]:
    """Yield the tokens of a request's header: the bearer token, and that of the cookie."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield credentials.strip()
    yield cookie_value(headers, COOKIE)


def cookie_value(headers: Headers, name: str) -> str:
    """Return the value of a cookie; empty if there is none."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except Exception:  # a malformed header holds no cookie
        return ""
    return cookies[name].value if name in cookies else ""


def _query(scope: Scope) -> dict[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin-1"))

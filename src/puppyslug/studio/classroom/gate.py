"""Who may enter a class: the teacher with the token, on this machine, and pupils who joined."""

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from puppyslug.studio.classroom.classroom import Classroom
from puppyslug.studio.credentials import (
    SAFE_METHODS,
    cookie_value,
    query_token,
    remember_token,
    sent_tokens,
)
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.visitors import COOKIE, is_own_machine

JOIN_PAGE = "/join"
_OPEN_PATHS = frozenset({JOIN_PAGE, "/api/class/join"})


class ClassroomGate:
    """Checks each request of a class."""

    def __init__(self, classroom: Classroom) -> None:
        """Guard a class."""
        self._classroom = classroom

    def check(self, scope: Scope, headers: Headers) -> Response | None:
        """Let a request in, or respond to it.

        The teacher's token is worth something only in requests from the machine that the studio
        runs on, so it never needs to cross the network, which may not be encrypted.

        Args:
            scope: ASGI scope of the request; ``is_teacher`` is set in it.
            headers: headers of the request.

        Returns:
            None for a request that may enter; a redirect for one that has to join first.

        Raises:
            HTTPError: a request of a script that has not joined.
        """
        is_own, token = is_own_machine(scope), query_token(scope)
        scope["is_teacher"] = is_own and any(
            self._classroom.is_teacher_token(sent) for sent in sent_tokens(headers)
        )
        if token and self._classroom.is_teacher_token(token):
            if is_own:
                return remember_token(scope, token)
            raise HTTPError(
                403, "the teacher's address works on the computer that the studio runs on only"
            )
        if scope["is_teacher"] or self._is_open(scope["path"]):
            return None
        if self._classroom.find_pupil(cookie_value(headers, COOKIE)) is not None:
            return None
        if scope["method"] in SAFE_METHODS and "text/html" in headers.get("accept", ""):
            return RedirectResponse(JOIN_PAGE, status_code=303)
        raise HTTPError(401, f"join the class first: open {JOIN_PAGE}, and type the pass phrase")

    def _is_open(self, path: str) -> bool:
        return path in _OPEN_PATHS or path.startswith("/static/")

"""Errors with an HTTP status, and the JSON responses that report them."""

from starlette.responses import JSONResponse

from puppyslug.errors import PuppyslugError

MAX_DETAIL_LENGTH = 600  # characters


class HTTPError(PuppyslugError):
    """A request that cannot be fulfilled.

    Attributes:
        status: HTTP status code, 4xx or 5xx.
        retry_after: seconds after which the client may try again, or None.
    """

    def __init__(self, status: int, detail: str, *, retry_after: int | None = None) -> None:
        """Create an error with a status code and a one-line reason."""
        super().__init__(detail)
        self.status = status
        self.retry_after = retry_after


def error_response(error: HTTPError) -> JSONResponse:
    """Return the response that reports an error: its status, and ``{"detail": "reason"}``."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    text = str(error).encode("utf-8", "replace").decode()  # JSON cannot hold lone surrogates
    detail = " ".join(text.split())
    if len(detail) > MAX_DETAIL_LENGTH:
        detail = f"{detail[:MAX_DETAIL_LENGTH]} …"
    return JSONResponse({"detail": detail}, error.status, headers)

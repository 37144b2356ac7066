"""Requests that are refused, and how that is said: a status of HTTP and one line."""

from puppyslug.errors import PuppyslugError


class RefusedError(PuppyslugError):
    """A request that is not followed.

    Attributes:
        status: of HTTP, 4xx.
        wait: seconds after which to try again, or None.
    """

    def __init__(self, status: int, detail: str, *, wait: int | None = None) -> None:
        """Take the status and the reason."""
        super().__init__(detail)
        self.status = status
        self.wait = wait

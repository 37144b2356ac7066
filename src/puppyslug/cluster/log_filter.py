"""Keeps Ray's own messages out of the terminal; puppyslug reports what users need to know."""

import contextlib
import logging
import threading
import traceback
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def suppress_worker_logs() -> Iterator[None]:
    """Suppress what Ray prints while a cluster is in use.

    This covers the logs of workers, and tracebacks of Ray's own threads: such a thread may fail
    when a connection is lost, in addition to the error that the next call raises.
    """
    import ray

    ray._private.worker._worker_logs_enabled = False  # otherwise losses are printed on stdout
    original = threading.excepthook

    def filter_exception(event: threading.ExceptHookArgs) -> None:
        frames = traceback.walk_tb(event.exc_traceback)
        if not any(str(frame.f_globals.get("__name__")).startswith("ray.") for frame, _ in frames):
            original(event)

    threading.excepthook = filter_exception
    try:
        yield
    finally:
        threading.excepthook = original


@contextlib.contextmanager
def suppress_connection_warnings() -> Iterator[None]:
    """Suppress Ray's warnings during connection, and from then on the logs of its client."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.getLogger("ray.util.client.logsclient").setLevel(logging.CRITICAL)

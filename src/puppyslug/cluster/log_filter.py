"""Ray's own messages, kept out of the terminal: what users should know, this room says itself."""

import contextlib
import logging
import threading
import traceback
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def silent_workers() -> Iterator[None]:
    """Keep out what Ray prints, for as long as the context lasts, of a cluster that is in use.

    What workers log is dropped, and so are the tracebacks of Ray's threads: one that misses its
    cluster may end with an error, besides the one that the next call raises.
    """
    import ray

    ray._private.worker._worker_logs_enabled = False  # else losses are printed among the results
    heard = threading.excepthook

    def hear(end: threading.ExceptHookArgs) -> None:
        frames = traceback.walk_tb(end.exc_traceback)
        if not any(str(one.f_globals.get("__name__")).startswith("ray.") for one, _ in frames):
            heard(end)

    threading.excepthook = hear
    try:
        yield
    finally:
        threading.excepthook = heard


@contextlib.contextmanager
def silent_start() -> Iterator[None]:
    """Keep out what Ray warns of while it connects, and then what its client logs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.getLogger("ray.util.client.logsclient").setLevel(logging.CRITICAL)

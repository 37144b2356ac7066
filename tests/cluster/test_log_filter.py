"""Suppression of Ray's messages."""

import threading

import pytest

from puppyslug.cluster.log_filter import suppress_worker_logs


@pytest.mark.parametrize(("module", "times"), [("ray.util.client.logsclient", 0), ("mine", 1)])
def test_only_errors_of_rays_own_threads_are_suppressed(monkeypatch, module, times):
    events = []
    monkeypatch.setattr(threading, "excepthook", events.append)
    namespace = {"__name__": module}
    exec("def run(): raise ValueError('channel closed')", namespace)
    with suppress_worker_logs():
        thread = threading.Thread(target=namespace["run"])
        thread.start()
        thread.join()
    assert len(events) == times


def test_the_previous_hook_is_restored(monkeypatch):
    def hook(event): ...

    monkeypatch.setattr(threading, "excepthook", hook)
    with suppress_worker_logs():
        assert threading.excepthook is not hook
    assert threading.excepthook is hook

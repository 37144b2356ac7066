"""The progress hub: current state, subscribers, slow subscribers, the end of a job."""

import asyncio
import threading

import pytest

from puppyslug.studio.jobs.models import JobProgress
from puppyslug.studio.jobs.progress_hub import ProgressHub

TIMEOUT = 30  # seconds; a lost notification fails the test instead of blocking it


@pytest.fixture
def hub():
    return ProgressHub()


def subscription(hub, interval=0.0):
    return aiter(hub.subscribe(interval))


async def next_change(changes):
    await asyncio.wait_for(anext(changes), TIMEOUT)


def run(coroutine):
    return asyncio.run(coroutine)


def test_a_job_that_does_not_run_has_no_state(hub):
    assert hub.progress("a") is None
    assert hub.preview("a") == b""
    assert hub.refusal("a") == ""


def test_the_latest_value_of_each_field_is_kept(hub):
    hub.update("a", progress=JobProgress(step=1))
    hub.update("a", preview=b"jpeg", refusal="too large")
    hub.update("a", progress=JobProgress(step=2))
    hub.update("b", refusal="")
    assert hub.progress("a").step == 2
    assert hub.preview("a") == b"jpeg"
    assert hub.refusal("a") == "too large"
    assert hub.progress("b") == JobProgress()


def test_an_ended_job_is_forgotten(hub):
    hub.update("a", preview=b"jpeg")
    hub.discard("a")
    hub.discard("never ran")
    assert hub.progress("a") is None
    assert hub.preview("a") == b""


def test_a_subscriber_is_called_at_once_and_after_each_change(hub):
    async def scenario():
        hub.attach(asyncio.get_running_loop())
        changes = subscription(hub)
        await next_change(changes)
        waiting = asyncio.ensure_future(next_change(changes))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        hub.update("a", preview=b"1")
        await waiting
        assert hub.preview("a") == b"1"
        waiting = asyncio.ensure_future(next_change(changes))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        hub.discard("a")
        await waiting

    run(scenario())


def test_changes_from_another_thread_wake_all_subscribers(hub):
    async def scenario():
        hub.attach(asyncio.get_running_loop())
        subscriptions = [subscription(hub) for _ in range(3)]
        for changes in subscriptions:
            await next_change(changes)
        thread = threading.Thread(target=hub.update, args=("a",), kwargs={"preview": b"1"})
        thread.start()
        await asyncio.gather(*(next_change(changes) for changes in subscriptions))
        thread.join()

    run(scenario())


def test_a_change_while_the_subscriber_is_busy_is_not_missed(hub):
    async def scenario():
        hub.attach(asyncio.get_running_loop())
        changes = subscription(hub)
        await next_change(changes)
        hub.update("a", preview=b"1")  # the subscriber does not wait yet
        await asyncio.sleep(0.01)
        await next_change(changes)

    run(scenario())


def test_a_slow_subscriber_skips_states(hub):
    async def scenario():
        hub.attach(asyncio.get_running_loop())
        changes = subscription(hub)
        await next_change(changes)
        for number in range(100):
            hub.update("a", progress=JobProgress(step=number))
            await asyncio.sleep(0)
        await next_change(changes)
        assert hub.progress("a").step == 99
        waiting = asyncio.ensure_future(next_change(changes))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        waiting.cancel()

    run(scenario())


def test_changes_within_the_interval_are_merged(hub):
    async def scenario():
        hub.attach(asyncio.get_running_loop())
        changes = subscription(hub, interval=0.05)
        await next_change(changes)
        hub.update("a", progress=JobProgress(step=1))
        waiting = asyncio.ensure_future(next_change(changes))
        await asyncio.sleep(0.01)
        hub.update("a", progress=JobProgress(step=2))
        assert not waiting.done()
        await waiting
        assert hub.progress("a").step == 2

    run(scenario())


def test_updates_without_a_running_loop_are_kept(hub):
    hub.update("a", preview=b"1")

    async def attach():
        hub.attach(asyncio.get_running_loop())

    run(attach())
    hub.update("a", preview=b"2")  # the loop is closed now
    assert hub.preview("a") == b"2"


def test_closing_ends_all_subscriptions(hub):
    async def scenario():
        hub.attach(asyncio.get_running_loop())

        async def follow():
            return [change async for change in hub.subscribe(interval=0.001)]

        followers = [asyncio.ensure_future(follow()) for _ in range(3)]
        await asyncio.sleep(0.01)
        hub.close()
        assert [len(changes) >= 1 for changes in await asyncio.gather(*followers)] == [True] * 3

    run(scenario())

"""Server-sent events of a job, with a fake job behind them."""

import asyncio
import json

from puppyslug.studio.api.events import stream_changes
from puppyslug.studio.jobs.models import DreamView, Status
from puppyslug.studio.jobs.progress_hub import ProgressHub


class FakeJob:
    """A job whose view a test changes."""

    def __init__(self, hub):
        self.hub = hub
        self.view = DreamView(id="a", recipe={}, created=1)

    def read(self):
        return self.view

    def set(self, **fields):
        self.view = None if fields.get("deleted") else self.view.model_copy(update=fields)
        self.hub.notify()


def collect(scenario):
    """Run a scenario beside a stream; return the statuses and widths that the stream yields."""

    async def run():
        hub = ProgressHub()
        hub.attach(asyncio.get_running_loop())
        job = FakeJob(hub)
        received = []

        async def receive():
            async for event in stream_changes(hub, job.read):
                view = json.loads(event.raw_data)
                received.append((view["status"], view["width"]))

        receiving = asyncio.ensure_future(receive())
        await until(lambda: received)
        await scenario(job, received)
        await asyncio.wait_for(receiving, 30)
        return received

    return asyncio.run(run())


async def until(condition):
    while not condition():
        await asyncio.sleep(0.01)


def test_the_stream_starts_with_the_current_view_and_ends_with_the_job():
    async def scenario(job, received):
        job.set(status=Status.RUNNING)
        await until(lambda: len(received) == 2)
        job.set(status=Status.DONE, width=8)

    assert collect(scenario) == [("queued", 0), ("running", 0), ("done", 8)]


def test_notifications_without_a_change_send_nothing():
    async def scenario(job, received):
        for _ in range(3):
            job.hub.notify()
            await asyncio.sleep(0.25)
        assert len(received) == 1
        job.set(status=Status.CANCELLED)

    assert collect(scenario) == [("queued", 0), ("cancelled", 0)]


def test_a_client_that_does_not_keep_up_gets_the_latest_view():
    async def scenario(job, received):
        for width in range(1, 50):
            job.set(width=width)
            await asyncio.sleep(0)
        job.set(status=Status.DONE)

    events = collect(scenario)
    assert events[-1] == ("done", 49)
    assert len(events) <= 3


def test_the_stream_of_a_deleted_job_ends():
    async def scenario(job, received):
        job.set(deleted=True)

    assert collect(scenario) == [("queued", 0)]

"""Those who wait for a lock take turns."""

import asyncio

from puppyslug.studio.fair_lock import FairLock


def test_owners_take_turns_however_many_requests_each_has():
    async def run():
        lock, order, start = FairLock(), [], asyncio.Event()

        async def request(owner, number):
            async with lock.turn(owner):
                order.append(f"{owner}{number}")
                await start.wait()

        names = ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]
        tasks = []
        for name in names:
            tasks.append(asyncio.ensure_future(request(name[0], name[1])))
            await asyncio.sleep(0)
        start.set()
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(run()) == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


def test_a_request_that_is_given_up_while_it_waits_holds_up_nobody():
    async def run():
        lock = FairLock()

        async def request(owner):
            async with lock.turn(owner):
                return owner

        async with lock.turn("a"):
            waiting = [asyncio.ensure_future(request(owner)) for owner in "bc"]
            await asyncio.sleep(0)
            waiting[0].cancel()
        assert await asyncio.wait_for(waiting[1], 30) == "c"
        assert await asyncio.wait_for(request("d"), 30) == "d"

    asyncio.run(run())

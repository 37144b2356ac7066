"""The turn of a job: a slot that it gives back, and gets again before new jobs."""

from puppyslug.studio.workers.protocol import Command
from puppyslug.studio.workers.slots import ComputeSlots
from puppyslug.studio.workers.turn import JobTurn


class Channel:
    """Keeps the names of the commands that the worker gets."""

    def __init__(self):
        self.names = []

    def send(self, command):
        self.names.append(command.name)
        return True


def test_a_resumed_job_is_the_next_one_from_the_moment_it_is_resumed():
    slots, channel = ComputeSlots(1), Channel()
    assert slots.take()
    turn = JobTurn(slots, channel, has_shorter_jobs=None, add_worker=lambda: None)
    turn.park()
    assert slots.take()  # another job
    assert not turn.handle(Command("resume"))
    assert turn.waits_for_others
    slots.release()  # it ends before the supervisor of the resumed job looks again
    assert not slots.take()
    turn.update()
    assert not turn.waits_for_others
    assert channel.names == ["resume"]
    turn.end()
    assert slots.take()


def test_a_job_goes_on_at_once_if_there_is_a_slot():
    slots, channel = ComputeSlots(1), Channel()
    assert slots.take()
    turn = JobTurn(slots, channel, has_shorter_jobs=None, add_worker=lambda: None)
    turn.park()
    assert turn.is_paused
    assert not turn.handle(Command("resume"))
    assert channel.names == ["resume"]
    assert not turn.is_paused
    assert not slots.take()

"""The workers' protocol: commands and messages over a fake connection."""

import queue
import threading

import pytest

from puppyslug.studio.workers.protocol import Command, JobCancelledError, JobControl, Message


class FakeConnection:
    """Records the messages that are sent."""

    def __init__(self):
        self.messages = []

    def send(self, message):
        self.messages.append(message)

    @property
    def kinds(self):
        return [message.kind for message in self.messages]


@pytest.fixture
def connection():
    return FakeConnection()


@pytest.fixture
def commands():
    return queue.SimpleQueue()


@pytest.fixture
def control(connection, commands):
    return JobControl(connection, commands)


def send(commands, *names):
    for name in names:
        commands.put(Command(name))


def test_messages_are_sent_in_order(control, connection):
    control.emit("progress", 1)
    control.emit("done")
    assert connection.messages == [Message("progress", 1), Message("done", None)]


def test_without_commands_polling_returns_at_once(control, connection):
    assert control.poll() == []
    assert not control.stopped
    assert connection.messages == []


def test_changes_are_returned_in_order(control, commands):
    commands.put(Command("steer", {"step_size": 2}))
    commands.put(Command("steer", {"jitter": 5}))
    commands.put(Command("steer"))
    assert control.poll() == [{"step_size": 2}, {"jitter": 5}, {}]
    assert control.poll() == []


def test_cancel_raises_also_while_paused(control, commands, connection):
    send(commands, "cancel")
    with pytest.raises(JobCancelledError):
        control.poll()
    send(commands, "pause", "cancel")
    with pytest.raises(JobCancelledError):
        control.poll()
    assert connection.kinds == ["paused"]


def test_pause_blocks_until_resume(control, commands, connection):
    send(commands, "pause")
    finished = threading.Event()

    def poll():
        control.poll()
        finished.set()

    thread = threading.Thread(target=poll)
    thread.start()
    assert not finished.wait(0.05)
    commands.put(Command("steer", {"step_size": 2}))
    assert not finished.wait(0.05)
    send(commands, "resume")
    thread.join(timeout=30)
    assert finished.is_set()
    assert connection.kinds == ["paused", "resumed"]


def test_stop_ends_a_pause(control, commands, connection):
    send(commands, "pause", "stop")
    control.poll()
    assert control.stopped
    assert connection.kinds == ["paused", "resumed"]


def test_repeated_and_unknown_commands_have_no_effect(control, commands, connection):
    send(commands, "resume", "pause", "pause", "resume", "resume", "dance")
    assert control.poll() == []
    assert connection.kinds == ["paused", "resumed"]
    assert not control.stopped


def test_drained_commands_are_not_executed(control, commands):
    send(commands, "stop", "cancel")
    assert [command.name for command in control.drain()] == ["stop", "cancel"]
    assert control.drain() == []
    assert control.poll() == []
    assert not control.stopped

"""The live worker: frames, hostile frames, looks, recordings, and a process that dies."""

import json

import pytest

from puppyslug.recipe import PRESETS
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.data_folder import FILM_FILE, RESULT_FILE
from puppyslug.studio.workers.live_process import MAX_PIXELS, decode_frame, encode_frame
from puppyslug.studio.workers.live_protocol import Frame, Recorded, Rejected, Start
from puppyslug.studio.workers.live_worker import LiveWorker
from puppyslug.video.reader import read_comment, read_frames
from support.live import LOOK, camera_frames, hostile_frames, use_thread, wait_until

FRAMES = camera_frames()


@pytest.fixture
def worker(tmp_path):
    worker = LiveWorker(tmp_path)
    use_thread(worker)
    yield worker
    worker.close()


@pytest.fixture
def session(worker):
    return worker.open("somebody", Start(LOOK, 60.0, 96))


def dream(session, count=1, frames=FRAMES):
    """Send frames until some more have been dreamt."""
    target, sent = session.number + count, 0
    while session.number < target:
        before = session.number, session.status
        session.offer(Frame(b"%08d" % sent, frames[sent % len(frames)]))
        wait_until(lambda: (session.number, session.status) != before)  # noqa: B023
        sent += 1


def test_frames_are_dreamt_and_keep_their_names(session):
    dream(session, 3)
    name, jpeg = session.latest
    assert name.isdigit()
    assert decode_frame(jpeg).shape == (64, 96, 3)
    assert jpeg != session.source
    assert session.recipe["objective"] == "block_0"
    assert session.status.side <= 96


def test_hostile_frames_are_dropped_and_counted_and_the_stream_goes_on(session):
    dream(session)
    hostile = hostile_frames(FRAMES[0])
    for number, data in enumerate(hostile, 1):
        session.offer(Frame(b"hostile!", data))
        wait_until(lambda: session.status.invalid == number)  # noqa: B023
    dream(session)
    assert session.status.invalid == len(hostile)
    assert session.status.restarts == 0


def test_of_frames_that_come_too_fast_the_newest_is_dreamt(session):
    for number in range(20):
        session.offer(Frame(b"%08d" % number, FRAMES[0]))
    wait_until(lambda: session.latest is not None and session.latest[0] == b"00000019")
    assert session.number + session.status.dropped == 20


def test_a_killed_process_is_replaced_and_the_look_stays(session, worker):
    session.change({"objective": "block_1"})
    dream(session, 2)
    wait_until(lambda: not session._channel._outgoing.qsize())
    worker._process.kill()
    wait_until(lambda: session.status.restarts == 1)
    dream(session)
    assert worker._process.starts == 2
    assert session.recipe["objective"] == "block_1"


def test_a_look_changes_and_an_impossible_one_is_rejected(session):
    dream(session)
    session.change({"objective": "block_2", "step_size": 4.0})
    dream(session, 2)
    assert (session.recipe["objective"], session.recipe["step_size"]) == ("block_2", 4.0)
    session.change({"objective": "block_99"})
    dream(session, 1)
    wait_until(lambda: session.events)
    assert isinstance(session.events[0], Rejected)
    assert "block_99" in session.events[0].reason
    dream(session)


def test_a_stream_that_begins_with_an_impossible_look_has_the_default_one(worker):
    session = worker.open("", Start({"objective": "nothing", "preset": "live"}, 60.0, 96))
    session.offer(Frame(b"12345678", FRAMES[0]))
    wait_until(lambda: session.events)
    assert "nothing" in session.events[0].reason
    dream(session)
    assert session.recipe["objective"] == PRESETS["live"].settings["objective"]


def test_a_recording_is_a_film_with_its_recipe(session, tmp_path):
    dream(session)
    folder = tmp_path / "recording"
    folder.mkdir()
    session.record(folder)
    dream(session, 3)
    session.record(None)
    wait_until(lambda: session.events)
    recorded = session.events.popleft()
    assert isinstance(recorded, Recorded)
    assert (recorded.error, recorded.size) == ("", (64, 96))
    assert len(list(read_frames(folder / FILM_FILE))) == recorded.frames >= 2
    assert json.loads(read_comment(folder / FILM_FILE))["objective"] == "block_0"
    assert (folder / RESULT_FILE).is_file()


def test_one_camera_at_a_time(session, worker):
    with pytest.raises(HTTPError, match="another camera is live") as caught:
        worker.open("somebody else", Start(LOOK, 10.0, 96))
    assert caught.value.status == 409
    session.close()
    worker.open("somebody else", Start(LOOK, 10.0, 96))


def test_large_frames_are_scaled_down_and_too_large_ones_refused():
    (large,) = camera_frames(1, size=(720, 1280))
    assert decode_frame(large).shape == (360, 640, 3)
    assert MAX_PIXELS >= 1920 * 1080
    assert encode_frame(decode_frame(large))[:2] == b"\xff\xd8"

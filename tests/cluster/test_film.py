"""Films on a cluster: segments on a fake backend, and a video in memory."""

import io

import numpy as np
import pytest

from puppyslug.cluster.film import VideoBuffer, dream_film_segments
from puppyslug.cluster.worker_pool import WorkerPool
from puppyslug.video.assembly import save_frames, segment_name
from puppyslug.video.checkpoint import FrameCheckpoint
from puppyslug.video.film import dream_segment
from puppyslug.video.frames import as_tensor
from puppyslug.video.segments import Segment
from support.clusters import FakeBackend, FakePayload, LoseWorkers, this_process
from support.films import encode_video, moving_scene
from support.toy_dreams import prepare_toy

SIZE = (48, 64)


@pytest.mark.parametrize("lost", [(), (2, 5, 6)])
def test_segments_have_the_frames_of_one_machine_whatever_is_lost(toy, tmp_path, lost):
    source = encode_video(tmp_path / "in.mp4", moving_scene(8, size=SIZE))
    prepared = prepare_toy(toy, as_tensor(moving_scene(1, size=SIZE)[0] / np.float32(255)))
    parts = {segment_name(n): Segment(3 * n, min(8, 3 * n + 3)) for n in range(3)}
    checkpoint = FrameCheckpoint(tmp_path / "out.mp4", {})
    backend = FakeBackend(2, LoseWorkers(*lost))
    with WorkerPool(backend, this_process(), FakePayload(toy)) as pool:
        frames = dream_film_segments(pool, prepared, source, parts, checkpoint.load_state)
        save_frames(checkpoint, frames)
    for name, segment in parts.items():
        expected = list(dream_segment(prepared, source, segment, {}))
        assert checkpoint.frame_count(name) == len(expected)
        for pixels, frame in zip(
            checkpoint.load_frames(len(expected), name), expected, strict=True
        ):
            assert np.array_equal(pixels, frame.pixels)


def test_a_video_in_memory_is_read_like_a_file():
    data = np.arange(100, dtype=np.uint8)
    video = VideoBuffer("in.mp4", data)
    expected = io.BytesIO(data.tobytes())
    assert str(video) == "in.mp4"
    for offset, whence in ((10, io.SEEK_SET), (5, io.SEEK_CUR), (-7, io.SEEK_END)):
        assert video.seek(offset, whence) == expected.seek(offset, whence)
        assert video.read(4) == expected.read(4)
        assert video.tell() == expected.tell()
    assert video.read() == expected.read()
    assert video.read(1) == b""

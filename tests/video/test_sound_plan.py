"""When sound is heard: joined films, silent films, unknown codecs."""

import pytest

from puppyslug.video.sound_plan import SoundError, plan_sound
from support.films import damage_sound, encode_video, moving_scene, write_tone


def encode(path, frames=25, **options):
    return encode_video(path, moving_scene(frames, size=(32, 48)), tone=True, **options)


def test_the_sound_of_a_plain_film_has_one_part(tmp_path):
    plan = plan_sound(encode(tmp_path / "a.mp4"))
    assert len(plan.parts) == 1
    assert (plan.parts[0].shift, plan.parts[0].end, plan.end) == (0, None, 1)


@pytest.mark.parametrize("lengths", [(25, 25), (10, 40, 25)])
def test_each_part_of_a_joined_film_begins_with_its_pictures(tmp_path, lengths):
    joined = b"".join(
        encode(tmp_path / f"{number}.ts", frames).read_bytes()
        for number, frames in enumerate(lengths)
    )
    path = tmp_path / "joined.ts"
    path.write_bytes(joined)
    plan = plan_sound(path)
    assert float(plan.end) == pytest.approx(sum(lengths) / 25)
    ends = [part.end for part in plan.parts]
    assert ends[-1] is None
    expected = [sum(lengths[: number + 1]) / 25 for number in range(len(lengths) - 1)]
    assert [float(end) for end in ends[:-1]] == pytest.approx(expected)


def test_a_silent_film_has_no_plan(tmp_path):
    assert plan_sound(encode_video(tmp_path / "a.mp4", moving_scene(2))) is None


def test_an_unknown_codec_cannot_be_used(tmp_path):
    path = write_tone(tmp_path / "a.mov", "pcm_s16le")
    path.write_bytes(path.read_bytes().replace(b"sowt", b"zzzz"))
    with pytest.raises(SoundError, match="unknown"):
        plan_sound(path)


def test_sound_without_a_readable_part_cannot_be_used(tmp_path):
    path = damage_sound(encode(tmp_path / "a.mp4"), every=1)
    with pytest.raises(SoundError, match="decoded"):
        plan_sound(path)

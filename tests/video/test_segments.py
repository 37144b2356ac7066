"""Division of films into segments."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from puppyslug.video.segments import OVERLAP, analyse_video, find_cuts, split_into_segments
from support.films import encode_video, moving_scene


@given(st.integers(1, 2000), st.lists(st.integers(1, 1999), max_size=6, unique=True))
def test_segments_cover_a_film_and_overlap_only_within_scenes(count, cuts):
    cuts = sorted(cut for cut in cuts if cut < count)
    segments = split_into_segments(count, cuts)
    covered = [0] * count
    for segment, following in itertools.zip_longest(segments, segments[1:]):
        assert 0 <= segment.first < segment.last <= count
        for frame in range(segment.first, segment.last):
            covered[frame] += 1
        if following is None:
            assert segment.last == count
        elif following.overlap:
            assert following.first not in cuts
            assert segment.last - following.first == following.overlap == OVERLAP
        else:
            assert following.first == segment.last
            assert following.first in cuts
    assert min(covered) == 1


def test_cuts_are_found_in_a_video(tmp_path):
    scene = moving_scene(20, shift=(4.0, 2.0))
    negative = [255 - picture for picture in moving_scene(15)]
    path = encode_video(tmp_path / "a.mp4", scene + negative)
    analysis = analyse_video(path)
    assert len(analysis.times) == 35
    assert analysis.cuts == (20,)
    assert analysis.notices == ()


def test_motion_is_not_a_cut():
    assert find_cuts([0.0, 0.2, 0.2, 0.2, 0.2, 0.2]) == ()
    assert find_cuts([0.0, 0.02, 0.3, 0.02, 0.02]) == (2,)

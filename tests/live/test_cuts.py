"""Cuts of a live picture."""

from puppyslug.live.cuts import CutDetector
from support.films import moving_scene


def test_the_first_frame_and_new_scenes_are_cuts_and_motion_is_not():
    scene = moving_scene(12, shift=(4.0, 2.0))
    frames = scene + [255 - picture for picture in scene]
    detector = CutDetector()
    found = [number for number, frame in enumerate(frames) if detector.is_cut(frame)]
    assert found == [0, 12]


def test_a_camera_that_pans_fast_is_no_cut():
    detector = CutDetector()
    found = [detector.is_cut(frame) for frame in moving_scene(12, shift=(25.0, 0.0))]
    assert not any(found[2:])  # of the second one, nothing is known to compare it with

"""Optical flow: direction, warping, confidence where something is uncovered."""

import numpy as np
import pytest

from puppyslug.video.flow import compute_flow, flow_confidence, warp
from support.films import moving_scene


def test_the_flow_points_to_the_previous_position():
    """The scene's photo moves by (-3, 2) pixels per frame, so that it was at (+3, -2) before."""
    previous, current = moving_scene(2, shift=(3.0, -2.0))
    flow = compute_flow(current, previous)
    inner = flow[15:-15, 15:-15].reshape(-1, 2)
    assert np.median(inner, 0) == pytest.approx([3.0, -2.0], abs=0.3)


def test_warping_along_the_flow_reconstructs_the_current_frame():
    previous, current = moving_scene(2, shift=(3.0, -2.0))
    warped = warp(previous.astype(np.float32), compute_flow(current, previous))
    error = np.abs(warped - current)[15:-15, 15:-15].mean()
    without = np.abs(previous.astype(np.float32) - current)[15:-15, 15:-15].mean()
    assert error < 0.3 * without


def test_the_confidence_is_low_where_something_is_uncovered():
    (scene,) = moving_scene(1)
    previous, current = scene.copy(), scene.copy()
    previous[30:60, 40:80] = 255
    current[30:60, 60:100] = 255  # a white card moves to the right
    confidence = flow_confidence(compute_flow(current, previous), compute_flow(previous, current))
    assert confidence[5:20, 5:150].mean() > 0.95
    assert confidence[32:58, 42:58].mean() < 0.6  # the uncovered area


def test_tiny_frames_have_no_flow():
    frames = moving_scene(2, size=(12, 40))
    assert not compute_flow(*frames).any()

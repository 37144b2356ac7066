"""The live loop, with a clock that only the network and the camera move."""

import itertools

import numpy as np
import pytest
import torch

from puppyslug.live.frames import CapturedFrame
from puppyslug.live.loop import GROWTH, REFRESH, dream_live
from puppyslug.live.sources import play
from puppyslug.networks.network import Network
from puppyslug.video.flow import compute_flow, flow_confidence, warp
from puppyslug.video.frames import TimedFrame
from support.films import moving_scene
from support.toy_network import Toy, toy_spec

FPS, SIDE = 10, 64
LOOK = {"objective": "relu2", "octaves": 2, "iterations": 4, "jitter": 3, "step_size": 3.0}
FULL = LOOK["iterations"] * LOOK["step_size"]  # grey levels


class Clock:
    def __init__(self):
        self.time = 0.0

    def __call__(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds


class SlowToy(Toy):
    """Takes a number of seconds per pixel of a clock."""

    def __init__(self, clock, rate):
        super().__init__()
        self.clock, self.rate = clock, rate

    def iter_layers(self, x, targets):
        self.clock.time += self.rate * x.shape[-1] * x.shape[-2]
        return super().iter_layers(x, targets)


def live(pictures, clock=None, rate=0.0, fps=FPS, camera_fps=FPS, **look):
    """The dreamt frames of pictures that play in real time."""
    clock = clock or Clock()
    network = Network(toy_spec(), SlowToy(clock, rate))
    timed = (TimedFrame(number / camera_fps, picture) for number, picture in enumerate(pictures))
    captured = play(timed, clock=clock, sleep=clock.sleep)
    settings = {**LOOK, **look}
    return dream_live(captured, settings, fps=fps, side=SIDE, network=network, clock=clock)


@pytest.fixture(scope="module")
def scene():
    return moving_scene(24, size=(48, 64), shift=(1.2, 0.4))


@pytest.fixture(scope="module")
def frames(scene):
    return list(live(scene))


def test_every_frame_is_dreamt_if_there_is_time(scene, frames):
    assert len(frames) == len(scene)
    for frame, source in zip(frames, scene, strict=True):
        assert frame.pixels.shape == source.shape
        assert np.array_equal(frame.source.pixels, source)
        assert frame.latency == 0
    assert [frame.is_cut for frame in frames] == [True] + [False] * 23


def test_the_strength_grows_to_that_of_the_recipe_and_is_held(frames):
    growth = [frame.strength / FULL for frame in frames]
    assert growth[0] == pytest.approx(GROWTH, rel=0.15)
    assert all(value == pytest.approx(1, rel=0.15) for value in growth[5:])


def test_the_mean_colour_does_not_drift(frames):
    for frame in frames:
        drift = frame.pixels.mean((0, 1)) - frame.source.pixels.mean((0, 1))
        assert np.abs(drift).max() < 3


def test_frames_are_steadier_than_frames_that_are_dreamt_alone(scene, frames):
    alone = [
        next(live([picture], step_size=LOOK["step_size"] / GROWTH)) for picture in scene[10:16]
    ]
    assert alone[0].strength == pytest.approx(FULL, rel=0.15)
    together, apart = (
        _warping_error([frame.pixels for frame in dreams], scene[10:16])
        for dreams in (frames[10:16], alone)
    )
    assert together < 0.5 * apart


def _warping_error(dreams, sources):
    errors = []
    for (before, after), (old, new) in zip(
        itertools.pairwise(dreams), itertools.pairwise(sources), strict=True
    ):
        flow = compute_flow(new, old)
        reliable = flow_confidence(flow, compute_flow(old, new)) > 0.99
        errors.append(np.abs(after - warp(before.astype(np.float32), flow))[reliable].mean())
    return np.mean(errors)


def test_a_still_picture_does_not_freeze(scene):
    *_, before, after = live([scene[0]] * 16)
    change = np.abs(after.pixels.astype(float) - before.pixels).mean()
    assert 0.02 * FULL < change < 2 * REFRESH * FULL


def test_a_new_scene_starts_without_the_detail_of_the_old_one(scene):
    negative = [255 - picture for picture in scene[:3]]
    frames = list(live(scene[:12] + negative))
    assert [number for number, frame in enumerate(frames) if frame.is_cut] == [0, 12]
    assert frames[11].strength == pytest.approx(FULL, rel=0.15)
    assert frames[12].strength == pytest.approx(GROWTH * FULL, rel=0.15)


def test_a_slow_network_drops_frames_and_does_not_fall_behind():
    clock, rate = Clock(), 1.5e-5
    pictures = moving_scene(200, size=(48, 64), shift=(0.1, 0.0))
    frames = list(live(pictures, clock, rate, camera_fps=25))
    times = [frame.source.time for frame in frames]
    assert len(frames) <= 200 * FPS / 25 + 1
    assert clock.time < 200 / 25 + 0.5  # the film ends when it should
    assert max(frame.latency for frame in frames[10:]) <= 2 / FPS
    gaps = np.diff(times[10:])
    assert gaps.max() <= 2.5 / FPS
    assert frames[-1].level.side <= frames[0].level.side


def test_frames_come_no_faster_than_the_frame_rate(scene):
    frames = list(live(scene, camera_fps=30, fps=10))
    assert len(frames) <= 9  # in 0.8 seconds
    assert min(np.diff([frame.source.time for frame in frames])) >= 0.5 / 10


def test_a_change_applies_from_the_next_frame(scene):
    frames = live(scene)
    for _ in range(8):
        next(frames)
    confirmed = frames.send({"layer": "relu1", "step_size": 6.0})
    assert not confirmed.rejected
    after = [next(frames) for _ in range(6)]
    assert after[0].recipe.objective == "relu1"
    assert after[0].recipe.step_size == 6.0
    assert after[-1].strength == pytest.approx(2 * FULL, rel=0.15)


def test_another_look_replaces_the_old_one_within_half_a_second(scene):
    still = [scene[0]] * 40
    old, new = live(still), live(still, objective="-1*relu2")
    for _ in range(20):
        before, goal = next(old), next(new)
    old.send({"objective": "-1*relu2"})
    for _ in range(FPS // 2):
        after = next(old)
    details = [frame.pixels.astype(float) - scene[0] for frame in (before, goal, after)]
    kept, reached = (np.corrcoef(details[2].ravel(), one.ravel())[0, 1] for one in details[:2])
    assert reached > kept


def test_an_impossible_change_is_rejected_and_changes_nothing(scene):
    frames = live(scene)
    before = next(frames)
    rejected = frames.send({"layer": "relu9"})
    assert "relu9" in rejected.rejected
    after = next(frames)
    assert not after.rejected
    assert after.recipe == before.recipe


def test_nothing_changes_outside_a_mask_by_name(scene):
    bright = np.zeros((48, 64, 3), np.uint8)
    bright[:, :32] = 230
    *_, frame = live([bright] * 4, mask="bright")
    changed = (frame.pixels != bright).any(-1)
    assert changed[:, :28].any()
    assert not changed[:, 36:].any()


def test_strength_blends_with_the_frame(scene):
    *_, half = live(scene[:6], strength=0.5)
    *_, none = live(scene[:6], strength=0.0)
    *_, full = live(scene[:6])
    assert np.array_equal(none.pixels, scene[5])
    difference, complete = (
        np.abs(frame.pixels.astype(float) - scene[5]).mean() for frame in (half, full)
    )
    assert difference == pytest.approx(complete / 2, rel=0.1)


def test_the_camera_may_change_its_size(scene):
    turned = [np.ascontiguousarray(picture.transpose(1, 0, 2)) for picture in scene[:3]]
    frames = list(live(scene[:3] + turned))
    assert [frame.pixels.shape[:2] for frame in frames] == [(48, 64)] * 3 + [(64, 48)] * 3


def test_detail_is_added_at_the_size_that_is_shown():
    large = moving_scene(2, size=(96, 128))
    *_, frame = live(large)
    assert frame.pixels.shape == (96, 128, 3)
    assert frame.level.side <= SIDE


def test_frames_that_are_captured_by_hand(scene):
    network = Network(toy_spec(), Toy())
    captured = [CapturedFrame(0.0, scene[0]), CapturedFrame(0.01, scene[1])]
    frames = list(dream_live(captured, LOOK, fps=10, side=SIDE, network=network, clock=Clock()))
    assert len(frames) == 1  # the second one came too soon
    assert torch.get_default_dtype() == torch.float32

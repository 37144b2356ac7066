"""Films: the first frame, resuming, masks, strength and keyframes over time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from puppyslug.engine.loop import dream_steps
from puppyslug.video.film import FilmOptions, dream_frames, dream_segment
from puppyslug.video.frames import as_array, as_tensor
from puppyslug.video.segments import Segment
from support.films import encode_video, moving_scene
from support.toy_dreams import prepare_toy

SIZE = (48, 64)


def prepare_scene(network, pictures, **settings):
    return prepare_toy(network, as_tensor(pictures[0] / np.float32(255)), **settings)


def test_a_film_resumes_at_any_frame_with_the_same_pixels(toy):
    sources = moving_scene(6, size=SIZE)
    prepared = prepare_scene(toy, sources)
    segment = Segment(0, 6)
    frames = list(dream_frames(prepared, iter(sources), segment))
    assert len(frames) == 6
    for first in range(1, 6):
        state = frames[first - 1].state
        remaining = list(dream_frames(prepared, iter(sources), segment, state=state))
        for frame, expected in zip(remaining, frames[first:], strict=True):
            assert np.array_equal(frame.pixels, expected.pixels)


def test_the_first_frame_is_dreamt_like_a_picture(toy):
    (source,) = moving_scene(1, size=SIZE)
    prepared = prepare_scene(toy, [source])
    (first,) = dream_frames(prepared, iter([source]), Segment(0, 1))
    *_, last = dream_steps(prepared.image, prepared.recipe, toy)
    expected = as_array(last.picture()) * 255
    assert np.abs(first.pixels - expected).max() <= 1


@pytest.mark.parametrize("by_flow", [True, False])
def test_detail_moves_with_the_picture_only_by_flow(toy, by_flow):
    """A scene that moves by 4 pixels: its detail correlates with itself moved, or in place."""
    sources = moving_scene(3, size=(64, 96), shift=(4.0, 0.0))
    prepared = prepare_scene(toy, sources, step_size=8)
    frames = dream_frames(prepared, iter(sources), Segment(0, 3), options=FilmOptions(by_flow))
    before, after = [frame.state["detail"][8:-8, 8:-8] for frame in frames][1:]
    moved = np.corrcoef(before[:, 4:].ravel(), after[:, :-4].ravel())[0, 1]
    in_place = np.corrcoef(before.ravel(), after.ravel())[0, 1]
    assert (moved > in_place) == by_flow


def test_the_strength_stays_that_of_the_first_frame(toy):
    sources = moving_scene(8, size=SIZE)
    states = [
        frame.state
        for frame in dream_frames(prepare_scene(toy, sources), iter(sources), Segment(0, 8))
    ]
    strength = [np.abs(state["detail"]).mean() for state in states]
    assert strength[-1] == pytest.approx(strength[0], rel=0.15)
    assert strength[0] == pytest.approx(float(states[0]["strength"]))


def test_nothing_changes_outside_a_mask(toy):
    sources = moving_scene(4, size=SIZE)
    mask = torch.zeros(1, 1, *SIZE)
    mask[..., :, :32] = 1
    prepared = replace(prepare_scene(toy, sources), mask=mask)
    frames = dream_frames(prepared, iter(sources), Segment(0, 4))
    for frame, source in zip(frames, sources, strict=True):
        assert np.array_equal(frame.pixels[:, 33:], source[:, 33:])
        assert not np.array_equal(frame.pixels[:, :32], source[:, :32])


def test_a_mask_function_is_called_with_every_frame(toy):
    sources = moving_scene(2, size=SIZE)
    images = []

    def mask_function(image):
        images.append(as_array(image))
        return torch.zeros(1, 1, *SIZE)

    frames = dream_frames(
        prepare_scene(toy, sources), iter(sources), Segment(0, 2), mask_function=mask_function
    )
    for frame, source in zip(frames, sources, strict=True):
        assert np.array_equal(frame.pixels, source)
    assert np.allclose(images, np.float32(sources) / 255)


def test_a_segment_is_read_from_the_film_at_the_size_of_the_dream(toy, tmp_path):
    path = encode_video(tmp_path / "in.mp4", moving_scene(6, size=(96, 128)))
    prepared = prepare_scene(toy, moving_scene(1, size=SIZE))
    frames = list(dream_segment(prepared, path, Segment(2, 5), {}))
    assert [frame.pixels.shape for frame in frames] == [(*SIZE, 3)] * 3
    resumed = list(dream_segment(prepared, path, Segment(2, 5), frames[0].state))
    for frame, expected in zip(resumed, frames[1:], strict=True):
        assert np.array_equal(frame.pixels, expected.pixels)


@pytest.mark.parametrize("every", [2, 3])
def test_only_every_nth_frame_is_dreamt_and_the_film_resumes_anywhere(toy, every):
    sources = moving_scene(8, size=SIZE)
    prepared = prepare_scene(toy, sources)
    segment, options = Segment(0, 8), FilmOptions(every=every)
    steps: list = []
    frames = list(
        dream_frames(prepared, iter(sources), segment, options=options, on_step=steps.append)
    )
    whole: list = []
    list(dream_frames(prepared, iter(sources), segment, on_step=whole.append))
    assert len(frames) == 8
    assert len(steps) < len(whole) * 0.75
    for first in range(1, 8):
        state = frames[first - 1].state
        rest = dream_frames(prepared, iter(sources), segment, state=state, options=options)
        for frame, expected in zip(rest, frames[first:], strict=True):
            assert np.array_equal(frame.pixels, expected.pixels)


def test_frames_between_two_dreams_are_dreamt_as_strongly(toy):
    sources = moving_scene(7, size=(64, 96))
    prepared = prepare_scene(toy, sources, step_size=8)
    frames = dream_frames(prepared, iter(sources), Segment(0, 7), options=FilmOptions(every=3))
    changes = [
        np.abs(frame.pixels.astype(float) - source).mean()
        for frame, source in zip(frames, sources, strict=True)
    ]
    assert min(changes) > 0.6 * max(changes)


def test_curves_change_frames_that_are_not_dreamt_too(toy):
    sources = moving_scene(4, size=SIZE)
    prepared = prepare_scene(toy, sources, step_size=8)
    values = {"strength": (1.0, 0.0, 1.0, 0.0)}
    options = FilmOptions(every=3, values=values)
    frames = list(dream_frames(prepared, iter(sources), Segment(0, 4), options=options))
    same = [np.array_equal(one.pixels, two) for one, two in zip(frames, sources, strict=True)]
    assert same == [False, True, False, True]

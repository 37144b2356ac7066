"""Films: the codec, moves, flow, segments, the journal, and what is made with them."""

import errno
import itertools
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.engine.preparation import Prepared
from puppyslug.errors import OutputError, RecipeError, VideoError
from puppyslug.files.locks import release
from puppyslug.recipe.keyframes import read_keyframes, with_keyframes
from puppyslug.recipe.recipe import Change, Recipe
from puppyslug.video.assembly import assembled, in_turn, keep_all, part_name
from puppyslug.video.camera import as_array, as_tensor, moved
from puppyslug.video.checkpoint import Journal, Made, room_needed
from puppyslug.video.film import film
from puppyslug.video.flow import carried, flow_between, trusted
from puppyslug.video.reader import Frame, open_clip, read_frames
from puppyslug.video.segments import OVERLAP, Segment, find_cuts, segments, survey
from puppyslug.video.writer import check_suffix, write_film
from puppyslug.video.zoom import MOST_CONTRAST, calmed, journey_recipe, zoom
from support.films import frames_of, moving_scene, save_film
from support.locks import held_elsewhere

SETTINGS = {"objective": "relu2", "octaves": 2, "iterations": 2, "jitter": 3, "step_size": 4}


def prepared_with(network, image, **settings):
    recipe = Recipe.complete({**SETTINGS, **settings})
    return Prepared(image, None, recipe, network, None, {}, (), "")


def timed(pictures, fps=25):
    return [Frame(Fraction(number, fps), picture) for number, picture in enumerate(pictures)]


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
@pytest.mark.parametrize("size", [(64, 96), (63, 95)])
def test_a_film_is_read_back_by_others_as_it_was_written(tmp_path, suffix, size):
    pictures = moving_scene(12, size=size)
    path = tmp_path / f"film{suffix}"
    write_film(path, timed(pictures), fps=Fraction(25), quality=95, comment="a recipe")
    read = frames_of(path)
    even = size if suffix == ".gif" else (64, 96)
    assert len(read) == 12
    for picture, ours in zip(read, pictures, strict=True):
        assert picture.shape == (*even, 3)
        error = np.abs(picture[: size[0], : size[1]].astype(float) - ours)
        assert error.mean() < 6
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 25
        assert container.duration == pytest.approx(12 / 25 * av.time_base, abs=2)
        if suffix == ".mp4":
            assert (stream.frames, stream.codec_context.name, stream.pix_fmt) == (
                12, "h264", "yuv420p",
            )  # fmt: skip
            assert container.metadata["comment"] == "a recipe"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    data = path.read_bytes()
    if suffix == ".mp4":  # plays while it is still being downloaded
        assert data.index(b"moov") < data.index(b"mdat")


def test_colours_survive_the_way_through_the_codec(tmp_path):
    bars = np.zeros((64, 96, 3), np.uint8)
    for number, colour in enumerate(((200, 30, 30), (30, 180, 40), (40, 50, 210), (240, 240, 240))):
        bars[:, number * 24 : number * 24 + 24] = colour
    write_film(tmp_path / "a.mp4", timed([bars] * 3), fps=Fraction(25), quality=100)
    for read in (
        [f.pixels for f in read_frames(tmp_path / "a.mp4")],
        frames_of(tmp_path / "a.mp4"),
    ):
        middle = read[1][:, 12::24].astype(int)
        assert np.abs(middle - bars[:, 12::24]).max() <= 6


def test_uneven_times_are_kept(tmp_path):
    times = [0, 40, 100, 110, 250]
    source = save_film(tmp_path / "in.mkv", moving_scene(5), times=times)
    frames = list(read_frames(source))
    assert [float(frame.time) for frame in frames] == [t / 1000 for t in times]
    write_film(tmp_path / "out.mp4", frames, fps=Fraction(20), time_base=Fraction(1, 90_000))
    again = [float(frame.time) for frame in read_frames(tmp_path / "out.mp4")]
    assert again == pytest.approx([t / 1000 for t in times], abs=1e-4)


def test_ten_bits_are_read_and_said(tmp_path):
    source = save_film(tmp_path / "in.mp4", moving_scene(3), pix_fmt="yuv420p10le")
    clip = open_clip(source)
    assert any("10 bits" in notice for notice in clip.notices)
    first = next(iter(read_frames(source))).pixels
    assert np.abs(first.astype(float) - moving_scene(1)[0]).mean() < 4


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_becomes_an_ordinary_picture(tmp_path, transfer):
    source = save_film(
        tmp_path / "in.mp4", moving_scene(2), pix_fmt="yuv420p10le", color_trc=transfer
    )
    clip = open_clip(source)
    assert any("HDR" in notice for notice in clip.notices)
    pixels = next(iter(read_frames(source))).pixels
    assert pixels.dtype == np.uint8
    assert 20 < pixels.mean() < 235
    assert pixels.std() > 10


def test_a_damaged_place_is_left_out_and_the_rest_keeps_its_time(tmp_path):
    pictures = moving_scene(40)
    whole = save_film(tmp_path / "a.mp4", pictures, options={"g": "5", "bf": "0"})
    data = bytearray(whole.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 400] = bytes(400)
    damaged = tmp_path / "b.mp4"
    damaged.write_bytes(data)
    notices = []
    frames = list(read_frames(damaged, notices))
    assert 30 <= len(frames) <= 40
    assert float(frames[-1].time) == pytest.approx(39 / 25)
    for frame in frames:
        number = round(frame.time * 25)
        if number < 15 or number > 30:
            assert np.abs(frame.pixels.astype(float) - pictures[number]).mean() < 4
    if len(frames) < 40:
        assert "could not be read" in notices[0]


@pytest.mark.parametrize("kind", ["text", "empty", "sound", "cut", "missing"])
def test_what_is_no_film_is_refused_in_one_line(tmp_path, kind):
    path = tmp_path / "in.mp4"
    if kind == "sound":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=44100, layout="mono")
            part = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            part.rate = 44100
            container.mux(stream.encode(part))
            container.mux(stream.encode())
    elif kind == "cut":
        data = save_film(path, moving_scene(20)).read_bytes()
        path.write_bytes(data[: len(data) // 3])
    elif kind != "missing":
        path.write_text("no film" if kind == "text" else "")
    with pytest.raises(VideoError) as caught:
        open_clip(path)
    assert "\n" not in str(caught.value)


def test_sound_is_kept_in_length(tmp_path):
    source = save_film(tmp_path / "in.mp4", moving_scene(50), tone=True)
    silent = save_film(tmp_path / "silent.mp4", moving_scene(5))
    assert open_clip(source).has_audio
    assert not open_clip(silent).has_audio
    for suffix, codec in ((".mp4", "aac"), (".webm", "opus")):
        out = tmp_path / f"out{suffix}"
        write_film(out, timed(moving_scene(50)), fps=Fraction(25), audio_from=source)
        with av.open(str(out)) as container:
            assert container.streams.audio[0].codec_context.name == codec
            heard = list(container.decode(container.streams.audio[0]))
            ends = heard[-1].time + heard[-1].samples / heard[-1].sample_rate
            assert ends == pytest.approx(2.0, abs=1 / 25 + 0.03)
            assert heard[0].time < 1 / 25
    write_film(tmp_path / "none.mp4", timed(moving_scene(3)), fps=Fraction(25), audio_from=silent)
    with av.open(str(tmp_path / "none.mp4")) as container:
        assert not container.streams.audio


def test_films_that_cannot_be_written_are_refused(tmp_path):
    with pytest.raises(OutputError, match=r"\.avi is unknown; use one of \.mp4"):
        check_suffix(Path("a.avi"))
    with pytest.raises(OutputError, match="no suffix"):
        check_suffix(Path("film"))
    with pytest.raises(OutputError, match="no frames"):
        write_film(tmp_path / "a.mp4", [], fps=Fraction(25))
    with pytest.raises(OutputError, match="cannot be written"):
        write_film(tmp_path / "no" / "a.mp4", timed(moving_scene(1)), fps=Fraction(25))
    assert list(tmp_path.iterdir()) == []


def photo(size=(120, 160)):
    return torch.from_numpy(moving_scene(1, size=size)[0] / np.float32(255)).permute(2, 0, 1)[None]


def test_moves_are_where_they_should_be():
    image = photo()
    assert moved(image, Recipe()) is image
    right = moved(image, Recipe(pan_x=10.0))
    assert torch.allclose(right[..., 16:], image[..., :-16], atol=1e-4)
    up = moved(image, Recipe(pan_y=-10.0))
    assert torch.allclose(up[..., :-12, :], image[..., 12:, :], atol=1e-4)
    turned = moved(photo((101, 101)), Recipe(rotate=90.0))
    assert torch.allclose(turned, photo((101, 101)).rot90(1, (2, 3)), atol=1e-3)
    near = moved(image, Recipe(zoom=2.0))
    middle = torch.nn.functional.interpolate(
        image[..., 30:90, 40:120], scale_factor=2, mode="bicubic"
    )
    assert (near - middle)[..., 4:-4, 4:-4].abs().mean() < 0.02


def test_hundreds_of_moves_neither_blur_nor_darken():
    """Once round in 360 steps, and 500 steps there and back, against the picture itself."""
    image = photo((161, 161))
    rows, columns = np.mgrid[-80:81, -80:81]
    disc = torch.from_numpy(np.hypot(rows, columns) < 70)
    once = image
    for _ in range(360):
        once = moved(once, Recipe(rotate=1.0))
    there = image
    for _ in range(250):
        there = moved(moved(there, Recipe(pan_x=0.3, pan_y=0.2)), Recipe(pan_x=-0.3, pan_y=-0.2))
    for result in (once, there):
        error = (result - image)[..., disc]
        assert error.square().mean() < 0.02 * image[..., disc].var()
        assert abs(float(error.mean())) < 0.001
        sharpness = [float(p.diff(dim=-1).abs().mean()) for p in (result, image)]
        assert 0.5 < sharpness[0] / sharpness[1] < 1.1


def test_a_zoom_goes_on_from_any_frame_to_the_bit(toy, picture):
    prepared = prepared_with(toy, picture, zoom=1.1, rotate=3, pan_x=1)
    whole = list(zoom(prepared, 6))
    assert len(whole) == 6
    for first in range(6):
        state = whole[first - 1].state if first else None
        rest = list(zoom(prepared, 6, state=state))
        for one, other in zip(rest, whole[first:], strict=True):
            assert np.array_equal(one.pixels, other.pixels)
    assert not np.array_equal(whole[4].pixels, whole[5].pixels)


def test_feeding_back_does_not_burn_a_picture_out(toy, picture):
    for contrast in (0.1, 0.5):
        wild = (0.5 + (picture - 0.5) * contrast * 4).clamp(0, 1)
        mean = wild.mean((2, 3), keepdim=True)
        spread = float((calmed(wild, mean) - mean).square().mean().sqrt())
        assert spread <= MOST_CONTRAST + 1e-4
        assert torch.allclose(calmed(wild, mean).mean((2, 3)), wild.mean((2, 3)), atol=1e-5)
    red = picture.clone()
    red[:, 0] = 0.9
    for _ in range(60):
        red = calmed(red, picture.mean((2, 3), keepdim=True))
    assert torch.allclose(red.mean((2, 3)), picture.mean((2, 3)), atol=0.01)
    last = list(zoom(prepared_with(toy, picture, step_size=60, zoom=1.02), 8))[-1].pixels
    assert last.std() / 255 < MOST_CONTRAST + 0.1


def test_a_journey_takes_its_layers_in_turn_and_fades_between_them():
    recipe = journey_recipe(Recipe.complete({}), ["relu4_1", "relu3_1", "relu2_1"], 10, 4)
    seen = [{recipe.at(frame, 0, step).objective for step in range(40)} for frame in range(30)]
    for frame, found in enumerate(seen):
        layer = ("relu4_1", "relu3_1", "relu2_1")[frame // 10]
        near = min(abs(frame - turn) for turn in (10, 20))
        assert found == {layer} or near < 2
    assert seen[10] == {"relu4_1", "relu3_1"}
    turns = [recipe.at(11, 0, step).objective for step in range(200)]
    assert turns.count("relu3_1") / 200 == pytest.approx(0.75, abs=0.03)


def test_keyframes_are_eased_between():
    changes = read_keyframes(
        ["0:relu3_1", "2s:relu4_1", "10:zoom=1.02", "20:zoom=1.06", "5:step-size=3"], Fraction(25)
    )
    recipe = with_keyframes(Recipe.complete({"step_size": 1.0}), changes)
    assert recipe.objective == "relu3_1"
    assert [recipe.frame(n).zoom for n in (0, 9, 10, 15, 20, 99)] == pytest.approx(
        [1.0, 1.0, 1.02, 1.04, 1.06, 1.06]
    )
    assert recipe.at(0, 0, 0).step_size == 1.0
    assert recipe.at(5, 0, 0).step_size == 3.0
    assert recipe.at(49, 3, 9).objective in {"relu3_1", "relu4_1"}
    assert recipe.at(50, 0, 0).objective == "relu4_1"
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_weights_of_the_same_terms_are_mixed():
    changes = read_keyframes(["0:2*relu3_1 - relu4_1", "10:4*relu3_1 - 3*relu4_1"], Fraction(25))
    recipe = with_keyframes(Recipe.complete({}), changes)
    assert recipe.at(5, 0, 0).objective == "3*relu3_1 - 2*relu4_1"


def test_keyframes_from_a_file(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text('{"1s": {"objective": "relu2_1", "rotate": 5}, "0": {"rotate": 1}}')
    changes = read_keyframes([str(path)], Fraction(30))
    assert [(c.frame, c.field, c.value, c.eased) for c in changes] == [
        (0, "rotate", 1, False), (30, "objective", "relu2_1", False), (30, "rotate", 5, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("relu4_1", "write FRAME:OBJECTIVE"),
        ("4x:relu4_1", "is no frame or time"),
        ("4:size=3", "cannot change in a film"),
        ("4:zoom=much", "is a number"),
        ("nothing.json", "cannot be read"),
        ("4:zoom=99", "zoom cannot be 99"),
    ],
)
def test_keyframes_that_make_no_sense_are_refused(text, said):
    with pytest.raises(RecipeError, match=said):
        with_keyframes(Recipe.complete({}), read_keyframes([text], Fraction(25)))


def test_flow_finds_where_things_were():
    before, now = moving_scene(2, shift=(3.0, -2.0))
    flow = flow_between(now, before)
    inner = flow[15:-15, 15:-15].reshape(-1, 2)
    assert np.median(inner, 0) == pytest.approx([3.0, -2.0], abs=0.3) or np.median(
        inner, 0
    ) == pytest.approx([-3.0, 2.0], abs=0.3)
    again = carried(before.astype(np.float32), flow)
    error = np.abs(again - now)[15:-15, 15:-15].mean()
    still = np.abs(before.astype(np.float32) - now)[15:-15, 15:-15].mean()
    assert error < 0.3 * still


def test_what_is_uncovered_is_not_trusted():
    before, now = moving_scene(2, shift=(0.0, 0.0))
    before = before.copy()
    before[30:60, 40:80] = 255
    now = now.copy()
    now[30:60, 60:100] = 255  # a white card went to the right
    sure = trusted(flow_between(now, before), flow_between(before, now))
    assert sure[5:20, 5:150].mean() > 0.95
    assert sure[32:58, 42:58].mean() < 0.6  # behind it


@given(st.integers(1, 2000), st.lists(st.integers(1, 1999), max_size=6, unique=True))
def test_segments_cover_a_film_and_overlap_only_within_scenes(count, cuts):
    cuts = sorted(cut for cut in cuts if cut < count)
    found = segments(count, cuts)
    shown = [0] * count
    for one, following in itertools.zip_longest(found, found[1:]):
        assert 0 <= one.first < one.last <= count
        for frame in range(one.first, one.last):
            shown[frame] += 1
        if following is None:
            assert one.last == count
        elif following.overlap:
            assert following.first not in cuts
            assert one.last - following.first == following.overlap == OVERLAP
        else:
            assert following.first == one.last
            assert following.first in cuts
    assert min(shown) == 1


def test_cuts_are_found_and_motion_is_not_one(tmp_path):
    scene = moving_scene(20, shift=(4.0, 2.0))
    other = [255 - picture for picture in moving_scene(15)]
    path = save_film(tmp_path / "a.mp4", scene + other)
    found = survey(path)
    assert len(found.times) == 35
    assert found.cuts == (20,)
    assert find_cuts([0.0, 0.2, 0.2, 0.2, 0.2, 0.2]) == ()  # everything moves


def test_segments_give_way_to_one_another(tmp_path):
    journal = Journal(tmp_path / "f.mp4", {})
    stretches = (Segment(0, 8), Segment(4, 10, 4), Segment(10, 12))
    for index, (one, value) in enumerate(zip(stretches, (0, 100, 200), strict=True)):
        for number in range(one.last - one.first):
            pixels = np.full((4, 6, 3), value, np.uint8)
            journal.keep(number, Made(pixels, {}), part_name(index))
    values = [int(pixels[0, 0, 0]) for pixels in assembled(journal, stretches)]
    assert values == [0, 0, 0, 0, 20, 40, 60, 80, 100, 100, 200, 200]


def test_a_film_of_a_toy_goes_on_from_any_frame_to_the_bit(toy):
    sources = moving_scene(6, size=(48, 64))
    image = as_tensor(sources[0] / np.float32(255))
    prepared = prepared_with(toy, image)
    stretch = Segment(0, 6)
    whole = list(film(prepared, iter(sources), stretch))
    assert len(whole) == 6
    for first in range(1, 6):
        rest = list(film(prepared, iter(sources), stretch, state=whole[first - 1].state))
        for one, other in zip(rest, whole[first:], strict=True):
            assert np.array_equal(one.pixels, other.pixels)


def test_a_films_first_frame_is_the_picture_dreamt(toy, picture):
    from puppyslug.engine.loop import dream_steps

    source = (as_array(picture) * 255).astype(np.uint8)
    prepared = prepared_with(toy, as_tensor(source / np.float32(255)))
    (first,) = film(prepared, iter([source]), Segment(0, 1))
    last = list(dream_steps(prepared.image, prepared.recipe, toy))[-1]
    expected = as_array(last.picture()) * 255
    assert np.abs(first.pixels - expected).max() <= 1


def test_outside_a_mask_a_film_stays_as_it_is(toy):
    sources = moving_scene(4, size=(48, 64))
    mask = torch.zeros(1, 1, 48, 64)
    mask[..., :, :32] = 1
    image = as_tensor(sources[0] / np.float32(255))
    prepared = replace(prepared_with(toy, image), mask=mask)
    for made, source in zip(film(prepared, iter(sources), Segment(0, 4)), sources, strict=True):
        assert np.array_equal(made.pixels[:, 33:], source[:, 33:])
        assert not np.array_equal(made.pixels[:, :32], source[:, :32])


def test_frames_are_kept_until_the_film_is_done_and_refuse_to_mix(tmp_path):
    path = tmp_path / "f.mp4"
    pictures = moving_scene(3)
    journal = Journal(path, {"recipe": {"octaves": 3}})
    for number, pixels in enumerate(pictures):
        journal.keep(number, Made(pixels, {"next": np.array(number)}))
    again = Journal(path, {"recipe": {"octaves": 3}})
    assert again.done() == 3
    assert int(again.state()["next"]) == 2
    for kept, pixels in zip(again.frames(3), pictures, strict=True):
        assert np.array_equal(kept, pixels)
    with pytest.raises(OutputError, match=r"other settings \(recipe\); use the same settings"):
        Journal(path, {"recipe": {"octaves": 4}})
    assert Journal(path, {"recipe": {"octaves": 4}}, fresh=True).done() == 0
    again.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_stops_cleanly_and_the_film_goes_on_later(tmp_path, toy, picture, monkeypatch):
    prepared = prepared_with(toy, picture, zoom=1.1)
    whole = [made.pixels for made in zoom(prepared, 5)]
    whole_film = [("", lambda state: zoom(prepared, 5, state=state))]
    journal = Journal(tmp_path / "f.mp4", {})
    write, written = Journal._write, []

    def full(path, data):
        written.append(path)
        if len(written) == 3:
            path.with_name(f"{path.name}.part").write_bytes(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(Journal, "_write", staticmethod(full))
    with pytest.raises(OutputError, match="No space left on device; make room"):
        keep_all(journal, in_turn(journal, whole_film))
    monkeypatch.setattr(Journal, "_write", staticmethod(write))
    assert journal.done() == 2
    keep_all(journal, in_turn(journal, whole_film))
    for kept, pixels in zip(journal.frames(5), whole, strict=True):
        assert np.array_equal(kept, pixels)


def test_frames_take_no_more_room_than_is_said(tmp_path):
    noisy = [np.random.default_rng(n).integers(60, 190, (90, 160, 3), np.uint8) for n in range(4)]
    journal = Journal(tmp_path / "f.mp4", {})
    for number, pixels in enumerate(noisy):
        state = {"detail": np.zeros((90, 160, 3), np.float32)}
        journal.keep(number, Made(pixels, state))
    taken = sum(entry.stat().st_size for entry in journal.folder.iterdir())
    assert taken <= room_needed((90, 160), 4) * 1.15


def test_changes_of_a_schedule_are_read_with_and_without_easing():
    recipe = Recipe.complete({"schedule": [[3, 0, 0, "zoom", 1.1], [9, 0, 0, "zoom", 1.2, True]]})
    assert recipe.schedule == (Change(3, 0, 0, "zoom", 1.1), Change(9, 0, 0, "zoom", 1.2, True))
    assert recipe.frame(6).zoom == pytest.approx(1.15)


def test_films_that_were_joined_go_on_where_their_times_begin_again(tmp_path):
    one = save_film(tmp_path / "a.ts", moving_scene(6)).read_bytes()
    (tmp_path / "two.ts").write_bytes(one + one)
    times = [frame.time for frame in read_frames(tmp_path / "two.ts")]
    assert len(times) == 12
    assert times == sorted(set(times))


@pytest.mark.parametrize("first", [0, 1, 7, 11, 12])
def test_a_film_is_read_from_any_frame_on_and_from_memory(tmp_path, first):
    path = save_film(tmp_path / "in.mp4", moving_scene(12))
    whole = list(read_frames(path))
    with path.open("rb") as opened:
        later = list(read_frames(opened, first=first))
    assert [frame.time for frame in later] == [frame.time for frame in whole[first:]]
    for one, other in zip(later, whole[first:], strict=True):
        assert np.array_equal(one.pixels, other.pixels)


def test_frames_of_several_parts_may_come_in_among_each_other(tmp_path, toy, picture):
    prepared = prepared_with(toy, picture, zoom=1.1)
    frames = list(zoom(prepared, 3))
    journal = Journal(tmp_path / "f.mp4", {})
    journal.keep(0, frames[2], "b-")
    kept = []
    mixed = [("b-", frames[1]), ("a-", frames[0]), ("b-", frames[0]), ("a-", frames[1])]
    keep_all(journal, mixed, kept.append)
    assert [journal.done(part) for part in ("a-", "b-", "c-")] == [2, 3, 0]
    expected = {"a-": [0, 1], "b-": [2, 1, 0]}
    for part, numbers in expected.items():
        for pixels, number in zip(journal.frames(len(numbers), part), numbers, strict=True):
            assert np.array_equal(pixels, frames[number].pixels)
    assert len(kept) == 4


def test_uneven_films_last_as_long_as_they_should(tmp_path):
    times = [Fraction(n, 100) for n in (0, 4, 30, 31, 90, 100)]
    frames = [Frame(at, picture) for at, picture in zip(times, moving_scene(6), strict=True)]
    for suffix in (".mp4", ".gif"):
        path = tmp_path / f"a{suffix}"
        write_film(path, frames, fps=Fraction(25), time_base=Fraction(1, 90_000))
        read = [float(frame.time) for frame in read_frames(path)]
        assert read == pytest.approx([0, 0.04, 0.3, 0.31, 0.9, 1.0], abs=0.011)
        with av.open(str(path)) as container:
            assert container.duration / av.time_base == pytest.approx(1.04, abs=0.02)


def test_sound_lies_beside_its_picture(tmp_path):
    source = save_film(tmp_path / "in.mp4", moving_scene(100, size=(32, 48)), tone=True)
    frames = timed(moving_scene(100, size=(32, 48)))
    for suffix in (".mp4", ".webm"):
        out = tmp_path / f"out{suffix}"
        write_film(out, frames, fps=Fraction(25), audio_from=source)
        with av.open(str(out)) as container:
            kinds = [packet.stream.type for packet in container.demux() if packet.size]
        longest = max(len(list(run)) for kind, run in itertools.groupby(kinds) if kind == "audio")
        assert longest < len(kinds) / 4


@pytest.mark.parametrize("name", ["state.npz", "job.json", "000001.png"])
def test_a_damaged_journal_says_how_to_start_again(tmp_path, name):
    path = tmp_path / "f.mp4"
    journal = Journal(path, {"recipe": 1})
    for number, pixels in enumerate(moving_scene(3)):
        journal.keep(number, Made(pixels, {}))
    (journal.folder / name).write_bytes(b"[")
    with pytest.raises(OutputError, match="start again with --force"):
        list(Journal(path, {"recipe": 1}).frames(Journal(path, {"recipe": 1}).done()))


def test_one_film_is_made_by_one_process_at_a_time(tmp_path):
    journal = Journal(tmp_path / "f.mp4", {})
    release(journal.folder / "lock")
    another = pytest.raises(OutputError, match="made by another puppyslug")
    with held_elsewhere(journal.folder / "lock"), another:
        Journal(tmp_path / "f.mp4", {})
    Journal(tmp_path / "f.mp4", {})  # its owner was killed
    Journal(tmp_path / "f.mp4", {})


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_the_same_frames_become_the_same_file_whatever_memory_held_before(tmp_path, suffix):
    """glibc fills memory that it hands out with what MALLOC_PERTURB_ says."""
    code = (
        "import sys, pathlib, fractions; import support.films as films; "
        "from puppyslug.video.reader import Frame; "
        "from puppyslug.video.writer import write_film; "
        "write_film(pathlib.Path(sys.argv[1]), (Frame(fractions.Fraction(number, 25), one) "
        "for number, one in enumerate(films.moving_scene(30))), fps=fractions.Fraction(25))"
    )
    written = []
    for filling in ("1", "165"):
        path = tmp_path / f"{filling}{suffix}"
        environment = {**os.environ, "MALLOC_PERTURB_": filling}
        environment["PYTHONPATH"] = str(Path(__file__).parents[1])
        subprocess.run([sys.executable, "-c", code, path], check=True, env=environment)
        written.append(path.read_bytes())
    assert written[0] == written[1]

"""Curves: settings as functions of the frame."""

from fractions import Fraction

import numpy as np
import pytest

from puppyslug.errors import RecipeError
from puppyslug.recipe import Recipe, parse_curves, parse_keyframes, with_curves, with_keyframes
from puppyslug.recipe.curve_values import curve_values, evaluate_curves
from puppyslug.recipe.merging import merge_settings
from puppyslug.recipe.timeline import Music, Timeline

FPS = Fraction(25)
FRAMES = np.arange(100)
BEATS = [0.1 + 0.5 * number for number in range(8)]
MUSIC = Music(
    {
        **dict.fromkeys(("loudness", "mid", "treble", "onset", "beat", "bar_phase"), [0.5] * 100),
        "bass": list(FRAMES / 99),
        "beat_number": list(FRAMES // 12),
    },
    BEATS,
    120.0,
)


def values_of(*texts: str, music: Music | None = MUSIC, frames: int = 100) -> dict:
    recipe = with_curves(Recipe.complete({}), parse_curves(texts))
    return dict(curve_values(recipe, Timeline(frames, FPS, music=music)))


def test_a_curve_is_computed_for_every_frame():
    zoom = values_of("zoom=1.01+0.04*bass")["zoom"]
    assert zoom == pytest.approx(1.01 + 0.04 * FRAMES / 99)


def test_a_list_is_chosen_from_by_its_index():
    found = values_of("layer=[relu3_3, relu4_1, relu5_1][beat_number//2 % 3]")["objective"]
    layers = ["relu3_3", "relu4_1", "relu5_1"]
    assert list(found) == [layers[frame // 12 // 2 % 3] for frame in FRAMES]
    assert values_of("see=[any dog, castle][t > 4]", music=None)["objective"][4:6] == (
        "see(any dog)",
        "see(castle)",
    )


def between_keys(keys: dict[int, float], frames: int) -> np.ndarray:
    """Deforum's interpolation between numbers: linear, and constant outside of the keys."""
    return np.interp(np.arange(frames), list(keys), list(keys.values()))


def test_strings_of_deforum_have_the_values_that_it_gives_them():
    t = FRAMES
    linear = between_keys({0: 1.02, 40: 1.0}, 100)
    wave = 1 + 0.02 * np.sin(2 * 3.14 * t / 30)
    expected = np.where(t < 40, linear + 0 * t, wave)
    expected[99] = 1.0
    found = values_of("zoom=0:(1.02), 40:(1+0.02*sin(2*3.14*t/30)), (max_f):(1)", music=None)[
        "zoom"
    ]
    ramp = between_keys({0: 1.02, 40: float(wave[40])}, 100)
    assert found == pytest.approx(np.where(t < 40, ramp, expected))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("0:(0), 1:(1), 5:(5), 10:(10)", {0: 0, 1: 1, 5: 5, 10: 10}),
        ("0:(-2), 99:(4)", {0: -2, 99: 4}),
        ("20: (1.5),  60 : (-2)", {20: 1.5, 60: -2}),
        ("0:(0), (max_f/2):(5), (max_f):(1),", {0: 0, 49: 5, 99: 1}),
        ("'0':(1), \"10\":(3)", {0: 1, 10: 3}),
        ("0:1, 2s:3", {0: 1, 50: 3}),
        ("0:1, 2b:3", {0: 1, 28: 3}),
        ("0:0, 200:20", {0: 0, 200: 20}),
    ],
)
def test_numbers_are_interpolated_linearly_between_keys(text, keys):
    found = values_of(f"rotate={text}")["rotate"]
    assert found == pytest.approx(between_keys(keys, 100))


def test_interpolations():
    keys = "0:0, 10:10, 20:0"
    step, cubic, ease, linear = (
        np.array(values_of(f"rotate={mode} {keys}")["rotate"][:21])
        for mode in ("step", "cubic", "ease", "linear")
    )
    assert step.tolist() == [0] * 10 + [10] * 10 + [0]
    assert linear[5] == 5
    for curve in (cubic, ease):
        assert curve[[0, 10, 20]] == pytest.approx([0, 10, 0])
        assert abs(curve[10] - curve[9]) < 0.5 < abs(curve[6] - curve[5])  # flat at the top
        assert curve.min() >= 0
        assert curve.max() <= 10
    assert ease[1] < 0.5 < cubic[1]  # cubic passes through the keys at speed


def test_whole_numbers_are_rounded():
    assert values_of("octaves=1 + t/10", music=None)["octaves"][:8] == (1, 1, 1, 1, 1, 2, 2, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zoom=1+t/50", "zoom is 2.02 at frame 51, but it should be at most 2"),
        ("step_size=10-t", "step_size is 0 at frame 10, but it should be above 0"),
        ("strength=-1", "strength is -1 at frame 0, but it should be at least 0"),
        ("zoom=1/(t-7)+9**9**9", "zoom has no finite value at frame 0"),
        ("zoom=sqrt(7-t)", "zoom has no finite value at frame 8|zoom is"),
        ("layer=[relu3_3, relu4_1][t]", "index 2 at frame 2, but the list has 2 items.*% 2"),
        ("layer=[relu3_3, relu4_1][-1]", "index -1 at frame 0"),
        ("zoom=200:(1+t/999)", "first key is after the last frame, 99"),
    ],
)
def test_values_out_of_range_are_refused_with_their_frame(text, message):
    with pytest.raises(RecipeError, match=message):
        values_of(text)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["zoom=1+basss"], "zoom: .*basss.*did you mean bass"),
        (["size=3"], "size.*cannot change"),
        (["zoom=1", "zoom=2"], "zoom has two curves"),
        (["zoom=qubic 0:1, 3:2"], "unknown interpolation qubic; did you mean cubic"),
        (["zoom=0:1:2"], "key.*0:1:2"),
        (["zoom=t:1"], "place of a key cannot depend on t"),
        (["layer=relu3_3"], "no list with an index"),
        (["layer=[relu3_3,][0]"], "empty item"),
        (["zoom=" + ",".join(f"{n}:1" for n in range(1500))], "1500 keys"),
        (["zoom=" + "1" * 30_000], "20000"),
        (["layer=[relu3_3, nonsense(1)][0]"], "nonsense"),
    ],
)
def test_curves_that_cannot_be_parsed_are_refused(texts, message):
    with (
        pytest.raises(RecipeError, match=message)
        if "nonsense" not in message
        else pytest.raises(Exception, match=message)
    ):
        values_of(*texts)


def test_signals_need_music_and_beats_a_beat():
    with pytest.raises(RecipeError, match="bass follows music; name a song with music"):
        values_of("zoom=1+bass/9", music=None)
    silent = Music(MUSIC.signals, [], 0.0)
    with pytest.raises(RecipeError, match="no beat"):
        values_of("zoom=1+pulse(t/8b)/9", music=silent)
    with pytest.raises(RecipeError, match="follows music"):
        parse_keyframes(["8b:relu4_1"], FPS)


def test_beats_are_places_of_keyframes():
    changes = parse_keyframes(["1b:relu4_1", "2.5b:zoom=1.1", "9b:zoom=1"], FPS, MUSIC)
    assert [change.frame for change in changes] == [15, 34, 115]


def test_the_recipe_holds_curves_and_is_at_frame_0_without_them():
    recipe = with_curves(Recipe.complete({}), parse_curves(["zoom=1.1+t/999", "octaves=2+t/50"]))
    recipe, values = evaluate_curves(recipe, Timeline(100, FPS))
    assert (recipe.zoom, recipe.octaves) == (1.1, 2)
    assert Recipe.from_json(recipe.to_json()) == recipe
    frame = recipe.for_frame(99, values)
    assert (frame.zoom, frame.octaves) == (pytest.approx(1.1 + 99 / 999), 4)
    assert recipe.for_frame(99).zoom == 1.1


def test_recipes_without_curves_are_written_as_before():
    assert not {"curves", "music"} & Recipe.complete({}).to_settings().keys()


def test_a_curve_and_keyframes_of_one_setting_contradict_each_other():
    changes = parse_keyframes(["0:zoom=1.1", "9:zoom=1.2"], FPS)
    recipe = with_keyframes(Recipe.complete({}), changes)
    with pytest.raises(RecipeError, match="zoom has keyframes and a curve"):
        with_curves(recipe, {"zoom": "1.1"}, changes)
    changed = with_curves(recipe, {"zoom": "1.1"})  # the keyframes are those of a stored recipe
    assert not changed.schedule
    assert with_curves(changed, {}, changes).curves is None


def test_new_settings_replace_stored_curves():
    curves = {"zoom": "1.1", "layer": "[relu3_3, relu4_1][t % 2]"}
    stored = with_curves(Recipe.complete({}), parse_curves([f"{k}={v}" for k, v in curves.items()]))
    assert set(stored.curves or {}) == {"zoom", "objective"}
    merged = merge_settings(stored.to_settings(), {"zoom": 1.2})
    assert set(merged["curves"]) == {"objective"}
    merged = merge_settings(stored.to_settings(), {"layer": "relu4_4"})
    assert set(merged["curves"]) == {"zoom"}


def test_curves_and_keyframes_share_a_file(tmp_path):
    path = tmp_path / "schedule.json"
    path.write_text('{"zoom": "1+t/999", "2s": {"rotate": 3}, "strength": 0.5}')
    assert parse_curves([str(path)]) == {"zoom": "1+t/999", "strength": "0.5"}
    assert [change.field for change in parse_keyframes([str(path)], FPS)] == ["rotate"]

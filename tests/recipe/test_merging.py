import pytest

from puppyslug.errors import PuppyslugError
from puppyslug.recipe import merge_settings

STORED = {
    "network": "vgg19",
    "objective": "relu4_1",
    "guides": [{"name": "g.png", "sha256": "0" * 64}],
    "step_size": 3.0,
}


def test_new_settings_take_precedence_and_others_are_kept():
    merged = merge_settings(STORED, {"step_size": 2.0, "jitter": 5})
    assert merged == {**STORED, "step_size": 2.0, "jitter": 5}


@pytest.mark.parametrize("name", ["objective", "layer", "see", "guide"])
def test_a_new_objective_replaces_the_stored_one_and_its_guides(name):
    merged = merge_settings(STORED, {name: "relu3_1"})
    assert merged == {"network": "vgg19", "step_size": 3.0, name: "relu3_1"}


def test_a_channel_keeps_the_stored_objective():
    assert merge_settings(STORED, {"channel": 3})["objective"] == "relu4_1"


def test_another_network_drops_the_objective_and_files_of_the_stored_one():
    stored = {**STORED, "weights": {"name": "w", "sha256": "0" * 64}}
    merged = merge_settings(stored, {"network": "googlenet"})
    assert "objective" not in merged
    assert "weights" not in merged
    assert merge_settings(stored, {"network": "vgg19"}) == stored


def test_a_preset_replaces_the_settings_that_it_has():
    merged = merge_settings(STORED, {"preset": "strokes"})
    assert merged == {"guides": STORED["guides"], "preset": "strokes"}


def test_octaves_replace_a_count():
    assert merge_settings({"count": 3}, {"octaves": 4}) == {"octaves": 4}


def test_scheduled_objectives_are_dropped_with_the_objective():
    schedule = [[0, 1, 0, "objective", "relu1_1"], [0, 1, 0, "step_size", 2.0]]
    merged = merge_settings({"schedule": schedule}, {"layer": "relu2_1"})
    assert [change.field for change in merged["schedule"]] == ["step_size"]
    assert merge_settings({"schedule": schedule}, {"jitter": 3})["schedule"] == schedule


def test_invalid_stored_settings_are_refused_even_if_they_are_replaced():
    with pytest.raises(PuppyslugError, match="-3"):
        merge_settings({"octaves": -3}, {"octaves": 4})


def test_octaves_and_the_scale_that_sets_them_exclude_each_other():
    stored = {"octaves": 6, "scale": "large"}
    assert merge_settings(stored, {"octaves": 3}) == {"octaves": 3}
    assert merge_settings(stored, {"scale": "small"}) == {"scale": "small"}
    with pytest.raises(PuppyslugError, match=r"scale.*octaves"):
        merge_settings({}, {"scale": "small", "octaves": 3})

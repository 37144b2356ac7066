import pytest

from puppyslug.errors import LabelError, RecipeError
from puppyslug.recipe import Recipe, expand_shorthand


@pytest.mark.parametrize(
    ("settings", "objective"),
    [
        ({"layer": "relu3_4"}, "relu3_4"),
        ({"layer": ["a", "b"]}, "a + b"),
        ({"layer": ["a"], "channel": 3}, "a:3"),
        ({"channel": 3}, "relu4_4:3"),
        ({"channel": 0}, "relu4_4:0"),
        ({"channel": 3, "preset": "eyes"}, "relu4_1:3"),
        ({"channel": 3, "objective": "relu2_1"}, "relu2_1:3"),
        ({"strongest": 3}, "strongest(relu4_4, 3)"),
        ({"strongest": 2, "layer": ["a", "b"]}, "strongest(a, 2) + strongest(b, 2)"),
        ({"guide": "g.png", "layer": "relu4_1"}, 'patches("g.png", relu4_1)'),
        ({"guide": "g.png"}, 'patches("g.png", relu3_1) + patches("g.png", relu4_1)'),
        ({"guide": "g.png", "matching": "dot"}, 'guide("g.png", relu4_4)'),
    ],
)
def test_shorthand_is_expanded(settings, objective):
    assert expand_shorthand(settings)["objective"].replace(" ", "") == objective.replace(" ", "")


def test_class_names_are_resolved_and_weighted():
    expanded = expand_shorthand({"see": ["2*castle", "-1*cats"], "layer": "block_3"})
    assert expanded["objective"] == "2*see(castle) - 1*see(cat) + block_3"
    with pytest.raises(LabelError, match="golden retriever"):
        expand_shorthand({"see": "goldn retreiver"})


def test_class_names_bring_their_preset_and_network_unless_others_are_named():
    expanded = expand_shorthand({"see": "dog"})
    named = Recipe.complete({"preset": "named"})
    assert (expanded["preset"], expanded["network"]) == ("named", named.network)
    assert expand_shorthand({"see": "dog", "network": "googlenet"})["preset"] == "natural"
    drawn = expand_shorthand({"see": "dog", "network": "efficientnet_lite0", "natural": 10})
    assert (drawn["preset"], drawn["network"]) == ("named", "efficientnet_lite0")
    other = expand_shorthand({"see": "dog", "network": "googlenet", "preset": "classic"})
    assert (other["preset"], other["network"]) == ("classic", "googlenet")


def test_class_names_of_a_labels_file_are_resolved_later():
    labels = {"name": "names.txt", "sha256": "0" * 64}
    assert expand_shorthand({"see": "abbey", "labels": labels})["objective"] == "see(abbey)"


def test_settings_without_shorthand_are_unchanged():
    assert expand_shorthand({"octaves": 3}) == {"octaves": 3}


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"layer": ["a", "b"], "channel": 3}, r"a:3 \+ b:3"),
        ({"layer": ["a"], "objective": "b"}, "layer"),
        ({"see": "dog", "objective": "b"}, "see"),
        ({"see": "dog", "channel": 3}, "layer"),
        ({"guide": "g.png", "channel": 3}, "channel"),
        ({"channel": 3, "strongest": 3}, "channel"),
        ({"channel": 3, "objective": "relu1_1 + relu2_1"}, "layer"),
        ({"layer": {"a": 1}}, "'a': 1"),
    ],
)
def test_contradictions_are_refused_with_a_remedy(settings, remedy):
    with pytest.raises(RecipeError, match=remedy):
        expand_shorthand(settings)

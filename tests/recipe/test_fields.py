import pytest

from puppyslug.errors import LabelError, ObjectiveError, RecipeError
from puppyslug.recipe import Recipe
from puppyslug.recipe.fields import RecipeFields, mask_label_finder


@pytest.mark.parametrize("name", RecipeFields.model_fields)
def test_every_field_is_described(name):
    assert name == "recipe_version" or RecipeFields.model_fields[name].description


@pytest.mark.parametrize(
    ("settings", "offending"),
    [
        ({"octaves": 0}, "octaves.*0"),
        ({"octaves": -3}, "octaves.*-3"),
        ({"iterations": 0}, "iterations.*0"),
        ({"octave_scale": 1.0}, "octave_scale.*1.0"),
        ({"octave_scale": float("nan")}, "octave_scale.*nan"),
        ({"step_size": float("inf")}, "step_size.*inf"),
        ({"step_size": 0}, "step_size.*0"),
        ({"seed": -1}, "seed.*-1"),
        ({"jitter": -1}, "jitter.*-1"),
        ({"size": "0x10"}, "size.*0x10.*WxH"),
        ({"size": "huge"}, "size.*huge.*WxH"),
        ({"size": "70000"}, "size.*70000"),
        ({"composed": "640"}, "composed.*640.*WxH"),
        ({"smooth": "much"}, "smooth.*much.*laplacian"),
        ({"smooth": -1}, "smooth.*-1"),
        ({"tile": "huge"}, "tile.*huge.*whole"),
        ({"tile": "0x4"}, "tile.*0x4"),
        ({"memory": "much"}, "memory.*much.*2GB"),
        ({"precision": "float8"}, "precision.*float8.*bfloat16"),
        ({"photo": {"name": "../../etc/passwd", "sha256": "0" * 64}}, "photo"),
        ({"photo": {"name": "a.jpg", "sha256": "0" * 63}}, "photo"),
        ({"weights": {"name": "a", "sha256": "0" * 64, "folder": "/etc"}}, "weights"),
        ({"schedule": [[0, 0, 0, "size", 3]]}, "size.*step_size"),
        ({"schedule": [[0, 0, 0, "step_size", -3]]}, "step_size.*-3"),
    ],
)
def test_an_invalid_value_is_named_in_one_line(settings, offending):
    with pytest.raises(RecipeError, match=offending) as caught:
        Recipe.complete(settings)
    assert "\n" not in str(caught.value)


def test_numbers_are_accepted_as_text_fields():
    recipe = Recipe.complete({"size": 300, "smooth": 1.5})
    assert (recipe.size, recipe.smooth) == ("300", "1.5")


def test_a_mask_by_name_is_normalised():
    assert Recipe.complete({"mask": "not see( cats )"}).mask == "not see(cat)"
    with pytest.raises(LabelError, match="catz"):
        Recipe.complete({"mask": "see(catz)"})
    with pytest.raises(ObjectiveError, match="circle"):
        Recipe.complete({"mask": "circle"})


def test_masks_name_classes_of_imagenet_where_the_network_has_none():
    assert mask_label_finder("vgg19")("cat").class_numbers
    assert not mask_label_finder("unknown")("cat").class_numbers  # left to the network


@pytest.mark.parametrize(("text", "value"), [("50%", 0.5), ("0.5", 0.5), (" 7.5% ", 0.075)])
def test_a_strength_can_be_a_percentage(text, value):
    assert Recipe.complete({"strength": text}).strength == pytest.approx(value)


@pytest.mark.parametrize("text", ["half", "120%", "%", "-3%"])
def test_other_strengths_are_refused(text):
    with pytest.raises(RecipeError, match="strength"):
        Recipe.complete({"strength": text})

"""Options that commands share."""

import inspect
from typing import get_args

import pytest

from puppyslug.cli.options import CAMERA_OPTIONS, RECIPE_OPTIONS, recipe_options
from puppyslug.networks.external.trusted_names import is_trusted
from puppyslug.recipe import Recipe

SHORTHAND = {"layer", "channel", "strongest", "see", "guide", "matching"}


def option_of(command, name):
    """Return the option of a parameter."""
    return get_args(inspect.signature(command).parameters[name].annotation)[1]


def test_every_option_sets_a_field_of_the_recipe_or_is_shorthand():
    names = RECIPE_OPTIONS.keys() | CAMERA_OPTIONS.keys()
    assert names - SHORTHAND <= Recipe.model_fields.keys()


@pytest.mark.parametrize("name", sorted(RECIPE_OPTIONS | CAMERA_OPTIONS))
def test_every_option_has_help_and_a_panel(name):
    option = get_args({**RECIPE_OPTIONS, **CAMERA_OPTIONS}[name])[1]
    assert option.help
    assert option.rich_help_panel


def test_defaults_are_those_of_the_recipe():
    octaves = Recipe.model_fields["octaves"].default
    assert get_args(RECIPE_OPTIONS["octaves"])[1].help.endswith(f"[default: {octaves}]")


def test_only_given_options_are_passed_on():
    @recipe_options("octaves", "layer")
    def command(photo: str = "", *, settings: dict[str, object], quiet: bool = False) -> int:
        assert (photo, quiet) == ("a.png", True)
        assert settings == {"octaves": 3}
        return 7

    assert list(inspect.signature(command).parameters) == ["photo", "octaves", "layer", "quiet"]
    assert command(photo="a.png", octaves=3, layer=[], quiet=True) == 7


def test_a_command_can_have_its_own_defaults_and_help():
    @recipe_options("octaves", "size", camera=True, defaults={"octaves": 9}, size="own text")
    def command(*, settings: dict[str, object]) -> int:
        return 0

    assert option_of(command, "octaves").help.endswith("[default: 9]")
    assert option_of(command, "size").help == "own text"
    assert "zoom" in inspect.signature(command).parameters
    assert "[default: 9]" not in get_args(RECIPE_OPTIONS["octaves"])[1].help


def test_naming_a_network_on_the_command_line_permits_its_code():
    @recipe_options("network")
    def command(*, settings: dict[str, object]) -> int:
        return 0

    name = "package_of_mine:make_network"
    assert not is_trusted(name)
    command(network=name)
    assert is_trusted(name)

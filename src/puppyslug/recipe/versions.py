"""Versions of recipes, so that a recipe means what it meant when it was written.

A recipe without a version has the newest. One of an earlier version is completed with the values
that stand for the behaviour of that time, not with the defaults of today.

To change what a dream does by default, add a field that chooses between the behaviours, give it the
new one as its default, and list it in ``ADDED_FIELDS`` with the earlier one. Nothing here imports
torch.
"""

from collections.abc import Mapping
from types import MappingProxyType

RECIPE_VERSION = 4

AddedFields = Mapping[int, Mapping[str, object]]

# The fields that each version added, with the values that recipes of earlier versions have.
ADDED_FIELDS: AddedFields = MappingProxyType(
    {
        2: {
            "method": "octaves",
            "drawing_steps": 120,
            "fidelity": 2.0,
            "extent": 0.9,
            "variety": 0.0,
            "balance": "sum",
            "enlarge": "dream",
            "colour_limit": 0.0,
            "saturation": 1.0,
            "contrast": 1.0,
            "scale": "medium",
            "min_side": 1,
            "metadata": "strip",
        },
        3: {"chroma": 1.0, "annealing": 0.0},
        4: {},  # the foreground as a mask may touch the border of the picture
    }
)


def earlier_settings(
    settings: Mapping[str, object], added_fields: AddedFields = ADDED_FIELDS
) -> dict[str, object]:
    """Return what recipes of an earlier version have in place of later defaults.

    Args:
        settings: fields of a recipe; without ``recipe_version`` they are of the newest version.
        added_fields: the fields that each version added, as in ``ADDED_FIELDS``.
    """
    version = _version(settings)
    return {
        name: value
        for number, fields in added_fields.items()
        if number > version
        for name, value in fields.items()
    }


def without_later_fields(
    settings: Mapping[str, object], added_fields: AddedFields = ADDED_FIELDS
) -> dict[str, object]:
    """Return a recipe of an earlier version without the fields that it did not have.

    So a recipe is written as it was read, and the puppyslug that wrote it can still read it. Later
    fields that were set to something else since are kept.

    Args:
        settings: all fields of a recipe, as values that JSON can represent.
        added_fields: the fields that each version added, as in ``ADDED_FIELDS``.
    """
    implied = earlier_settings(settings, added_fields)
    return {
        name: value
        for name, value in settings.items()
        if name not in implied or value != implied[name]
    }


def _version(settings: Mapping[str, object]) -> int:
    try:
        return int(str(settings.get("recipe_version", RECIPE_VERSION)))
    except ValueError:
        return RECIPE_VERSION  # reported when the field is validated

"""Looks: what a dream can be made to look like, each a few settings with a name."""

from typing import Any, NamedTuple

from puppyslug.recipe import PRESETS, defaults

SAMPLES = (("hills", "Hills at dusk"), ("pebbles", "Pebbles"), ("sea", "Clouds and sea"))
"""Sample pictures of the first page: name of the static file, and what it shows."""

VGG, LITE = defaults.NETWORK, defaults.CLASSIFIER


class Look(NamedTuple):
    """A named look.

    Attributes:
        name: its name, unique.
        title: what it shows.
        settings: fields of a recipe, and shorthand.
        picture: picture of it among the static files, without suffix.
    """

    name: str
    title: str
    settings: dict[str, Any]
    picture: str


def _preset(name: str, title: str = "") -> Look:
    return Look(name, title or PRESETS[name].title, {"preset": name}, f"preset-{name}")


def _sees(name: str) -> bool:
    """Return whether a preset is for classes by name."""
    return "focus" in PRESETS[name].settings


def _layer(name: str, title: str, network: str, layer: str, **settings: Any) -> Look:
    return Look(
        name,
        title,
        {"network": network, "objective": layer, **settings},
        f"{network}-{layer}",
    )


LOOKS = (
    *(_preset(name) for name in PRESETS if name not in defaults.MOVING_PRESETS and not _sees(name)),
    _layer("spots", "bright spots and eyelets", VGG, "relu2_2"),
    _layer("faces", "furry faces", VGG, "relu5_1"),
    _layer("dogs", "dogs and birds", VGG, "relu5_3"),
    _layer("weave", "woven threads", LITE, "block_0"),
    _layer("bricks", "bricks and grids", LITE, "block_2"),
    _layer("ripples", "ripples and contours", LITE, "block_3"),
    _layer("threads", "fine threads", LITE, "block_6"),
    _layer("feathers", "feathers and scales", LITE, "block_8"),
    _layer("fur", "fur with eyes", LITE, "block_10"),
)
"""The looks that the page offers, in its order."""


def _live(name: str) -> Look:
    """Return one of ``LOOKS`` as a look of live dreams: its layer, with the settings for those."""
    look = next(one for one in LOOKS if one.name == name)
    preset = look.settings.get("preset")
    settings = PRESETS[preset].settings if preset else look.settings
    layer = {field: settings[field] for field in ("network", "objective")}
    return look._replace(settings={"preset": defaults.LIVE_PRESET, **layer})


LIVE_LOOKS = tuple(
    _live(name)
    for name in ("ripples", "feathers", "bricks", "weave", "threads", "fur", "strokes", "swirls")
)
"""The looks of the page Live: layers that a camera's picture can follow."""


def describe_looks(networks: set[str], looks: tuple[Look, ...] = LOOKS) -> list[dict[str, Any]]:
    """Describe the looks whose networks are on this machine.

    Args:
        networks: names of these networks.
        looks: the looks of the page.
    """
    return [
        look._asdict()
        for look in looks
        if look.settings.get("network", PRESETS[look.settings.get("preset", defaults.PRESET)]
            .settings.get("network", defaults.NETWORK)) in networks
    ]  # fmt: skip


THING_LOOKS = (
    _preset(defaults.SEE_PRESET, "whole, and lit like its surroundings"),
    _preset("vivid", "large, in bright colours, with eyes"),
    _preset("natural", "soft, in the shapes of the picture"),
)
"""The looks of a thing that is chosen by name; the first is the default."""

"""The spec of an external module, from the result of its introspection."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from torch import nn

from puppyslug.errors import NetworkError
from puppyslug.labels import Vocabulary
from puppyslug.networks.external.introspection import Introspection
from puppyslug.networks.specs import NetworkSpec
from puppyslug.networks.specs.spec import EXTERNAL_ARCHITECTURE

PREVIEW_LAYERS = 8  # number of layers that represent the module


class InputFormat(TypedDict, total=False):
    """The input that a module expects; see ``Network.from_module``."""

    mean: Sequence[float]
    std: Sequence[float]
    input_range: tuple[float, float]
    bgr: bool
    channels: Sequence[int]


def build_spec(
    module: nn.Module,
    introspection: Introspection,
    vocabulary: Vocabulary | None,
    input_format: InputFormat,
    *,
    name: str,
    default_layer: str | None,
) -> NetworkSpec:
    """Build the spec of a module; for the arguments see ``Network.from_module``.

    Raises:
        NetworkError: the module has no layer of the default layer's name, or an input without the
            channels that are named.
    """
    layers = introspection.layers
    trained_at = introspection.side
    candidates = _find_representative_layers(
        module,
        [layer.name for layer in layers if layer.stride <= trained_at // 4]
        or [layer.name for layer in layers],
        {name: output.path for name, output in introspection.formats.items()},
    )
    count = len(candidates)
    spec = NetworkSpec(
        name=name,
        title=f"{type(module).__name__}, an external module",
        architecture=EXTERNAL_ARCHITECTURE,
        structure=(),
        layers=layers,
        default_layer=candidates[count * 2 // 3] if default_layer is None else default_layer,
        preview_layers=tuple(
            dict.fromkeys(candidates[count * n // PREVIEW_LAYERS] for n in range(PREVIEW_LAYERS))
        ),
        weights=None,
        licence="-",
        credit="-",
        source="-",
        values_per_pixel=introspection.values_per_pixel,
        classes=vocabulary.classes if vocabulary else 0,
        vocabulary=vocabulary.name if vocabulary and vocabulary.name == "imagenet" else "",
        trained_at=trained_at,
        input_side=introspection.window,
        **_input_fields(introspection.channels, **input_format),
    )
    spec.layer(spec.default_layer)
    return spec


def _input_fields(
    count: int,
    *,
    mean: Sequence[float] = (0.0,),
    std: Sequence[float] = (1.0,),
    input_range: tuple[float, float] = (0.0, 1.0),
    bgr: bool = False,
    channels: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Return the fields of a ``NetworkSpec`` that describe its input.

    Args:
        count: number of channels of the module's input.
        mean: see ``Network.from_module``, like the others.
        std: likewise.
        input_range: likewise.
        bgr: likewise.
        channels: likewise.

    Raises:
        NetworkError: the channels are not those of the module, or there are not as many means.
    """
    if channels is None:
        channels = range(3) if count >= 3 else range(1)
    shown = tuple(channels) if isinstance(channels, Iterable) else (channels,)
    valid = all(isinstance(one, int) and 0 <= one < count for one in shown)
    if not valid or len(shown) not in (1, 3) or len(set(shown)) < len(shown):
        raise NetworkError(
            f"channels is {channels!r}; name the input channels that are red, green and blue, or "
            f"the only one, by different numbers from 0 to {count - 1}"
        )
    black, white = _numbers("input_range", input_range)[:2] if len(input_range) == 2 else (0, 0)
    if black == white:
        raise NetworkError(
            f"input_range is {input_range!r}; give the values of black and white, such as (0, 255)"
        )
    if not all(_numbers("std", std)):
        raise NetworkError(f"std is {std!r}; the input is divided by it, so it cannot be 0")
    return {
        "mean": tuple(one - black for one in _choose("mean", mean, shown, count)),
        "std": tuple(_choose("std", std, shown, count)),
        "scale": float(white - black),
        "bgr": bgr and len(shown) == 3,
        "input_channels": count,
        "picture_channels": shown,
    }


def _choose(name: str, values: Sequence[float], shown: Sequence[int], count: int) -> list[float]:
    """Return the values of the channels that a picture has.

    Raises:
        NetworkError: there is neither one value, nor one for each of them, nor one for each channel
            of the module.
    """
    numbers = _numbers(name, values)
    if len(numbers) == 1:
        return numbers * len(shown)
    if len(numbers) == len(shown):
        return numbers
    if len(numbers) == count:
        return [numbers[one] for one in shown]
    raise NetworkError(
        f"there are {len(numbers)} numbers in {name}; give 1, or {len(shown)}, one for each channel"
    )


def _numbers(name: str, values: Any) -> list[float]:
    """Return one or several numbers as a list.

    Raises:
        NetworkError: they are no finite numbers.
    """
    several = values if isinstance(values, Iterable) and not isinstance(values, str) else [values]
    try:
        numbers = [float(one) for one in several]
    except (TypeError, ValueError):
        numbers = [math.nan]
    if not all(math.isfinite(one) for one in numbers):
        raise NetworkError(f"{name} is {values!r}; give finite numbers, such as (0.5, 0.5, 0.5)")
    return numbers


def _find_representative_layers(
    module: nn.Module, names: list[str], paths: Mapping[str, str]
) -> list[str]:
    """Return numbered blocks, if there are any, else containers, else all of the layers."""
    submodules = [name for name in names if paths[name]] or names  # not the module's own outputs
    containers = [name for name in submodules if list(module.get_submodule(paths[name]).children())]
    numbered = [name for name in containers if name.rpartition(".")[2].isdigit()]
    return numbered or containers or submodules

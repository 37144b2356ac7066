"""The spec of an external module, from the result of its introspection."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from torch import nn

from puppyslug.errors import NetworkError
from puppyslug.labels import Vocabulary
from puppyslug.networks.external.introspection import Introspection
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.spec import EXTERNAL_ARCHITECTURE

PREVIEW_LAYERS = 8  # number of layers that represent the module


class InputFormat(TypedDict, total=False):
    """The input that a module expects; see ``Network.from_module``."""

    mean: Sequence[float]
    std: Sequence[float]
    input_range: tuple[float, float]
    bgr: bool


def build_spec(
    module: nn.Module,
    introspection: Introspection,
    vocabulary: Vocabulary | None,
    input_format: InputFormat,
    *,
    name: str,
    default_layer: str | None,
    trained_at: int,
) -> NetworkSpec:
    """Build the spec of a module; for the arguments see ``Network.from_module``.

    Raises:
        NetworkError: the number of the module's logits is not that of the labels, or it has no
            layer of the default layer's name.
    """
    layers = tuple(layer for layer in introspection.layers if vocabulary or layer.name != CLASS_MAP)
    classes = next((layer.channels for layer in layers if layer.name == CLASS_MAP), 0)
    if vocabulary and classes != vocabulary.classes:
        output = f"{classes} logits" if classes else "no logits"
        raise NetworkError(
            f"there are {vocabulary.classes} labels, but the module outputs {output}; give as many "
            "labels as it has classes, or none"
        )
    candidates = _find_representative_layers(
        module,
        [layer.name for layer in layers if layer.stride <= trained_at // 4],
        {name: output.path for name, output in introspection.formats.items()},
    )
    count = len(candidates)
    spec = NetworkSpec(
        name=name,
        title=f"{type(module).__name__}, an external module",
        architecture=EXTERNAL_ARCHITECTURE,
        structure=(),
        layers=layers,
        default_layer=default_layer or candidates[count * 2 // 3],
        preview_layers=tuple(
            dict.fromkeys(candidates[count * n // PREVIEW_LAYERS] for n in range(PREVIEW_LAYERS))
        ),
        weights=None,
        licence="-",
        credit="-",
        source="-",
        values_per_pixel=introspection.values_per_pixel,
        classes=classes,
        vocabulary=vocabulary.name if vocabulary and vocabulary.name == "imagenet" else "",
        trained_at=trained_at,
        **_input_fields(**input_format),
    )
    spec.layer(spec.default_layer)
    return spec


def _input_fields(
    *,
    mean: Sequence[float] = (0.0, 0.0, 0.0),
    std: Sequence[float] = (1.0, 1.0, 1.0),
    input_range: tuple[float, float] = (0.0, 1.0),
    bgr: bool = False,
) -> dict[str, Any]:
    """Return the fields of a ``NetworkSpec`` that describe its input."""
    black, white = input_range
    return {
        "mean": tuple(float(value) - black for value in mean),
        "std": tuple(float(value) for value in std),
        "scale": float(white - black),
        "bgr": bgr,
    }


def _find_representative_layers(
    module: nn.Module, names: list[str], paths: Mapping[str, str]
) -> list[str]:
    """Return numbered blocks, if there are any, else containers, else all of the layers."""
    containers = [
        name
        for name in names
        if name != CLASS_MAP and list(module.get_submodule(paths[name]).children())
    ]
    numbered = [name for name in containers if name.rpartition(".")[2].isdigit()]
    return numbered or containers or names

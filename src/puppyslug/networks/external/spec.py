"""The record of a module of one's own, from what measuring it found."""

from collections.abc import Mapping, Sequence

from torch import nn

from puppyslug.errors import NetworkError
from puppyslug.labels import Vocabulary
from puppyslug.networks.external.introspection import Measured
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.spec import MODULE

DEPTHS = 8  # layers that show a module's depths


def describe(
    module: nn.Module,
    measured: Measured,
    vocabulary: Vocabulary | None,
    *,
    name: str,
    mean: Sequence[float],
    std: Sequence[float],
    input_range: tuple[float, float],
    bgr: bool,
    default_layer: str | None,
    trained_at: int,
) -> NetworkSpec:
    """Make a record; the arguments are those of ``Network.from_module``.

    Raises:
        NetworkError: the module gives another number of logits than there are labels, or has no
            layer of the default layer's name.
    """
    layers = tuple(one for one in measured.layers if vocabulary or one.name != CLASS_MAP)
    head = next((one.channels for one in layers if one.name == CLASS_MAP), 0)
    if vocabulary and head != vocabulary.classes:
        given = f"gives {head} numbers" if head else "does not give one number for each"
        raise NetworkError(
            f"there are {vocabulary.classes} labels, but the module {given}; give as many "
            "labels as it has classes, or none"
        )
    maps = [one.name for one in layers if one.stride <= trained_at // 4]
    paths = {name: form.path for name, form in measured.forms.items()}
    blocks = _blocks(module, maps, paths)
    spec = NetworkSpec(
        name=name,
        title=f"{type(module).__name__}, brought from outside",
        architecture=MODULE,
        structure=(),
        layers=layers,
        default_layer=default_layer or blocks[len(blocks) * 2 // 3],
        depths=tuple(dict.fromkeys(blocks[len(blocks) * n // DEPTHS] for n in range(DEPTHS))),
        mean=tuple(float(m) - input_range[0] for m in mean),  # type: ignore[arg-type]
        std=tuple(float(s) for s in std),  # type: ignore[arg-type]
        scale=float(input_range[1] - input_range[0]),
        bgr=bgr,
        weights=None,
        licence="-",
        credit="-",
        source="-",
        values_per_pixel=measured.values_per_pixel,
        classes=head,
        vocabulary=vocabulary.name if vocabulary and vocabulary.name == "imagenet" else "",
        trained_at=trained_at,
    )
    spec.layer(spec.default_layer)
    return spec


def _blocks(module: nn.Module, maps: list[str], paths: Mapping[str, str]) -> list[str]:
    """The layers that show depths best: numbered blocks, else whatever is made of others."""
    made_of_others = [
        name
        for name in maps
        if name != CLASS_MAP and list(module.get_submodule(paths[name]).children())
    ]
    numbered = [name for name in made_of_others if name.rpartition(".")[2].isdigit()]
    return numbered or made_of_others or maps

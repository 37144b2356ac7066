"""Specs of finetuned networks, derived from the spec of their base."""

from dataclasses import replace
from pathlib import Path

from puppyslug.errors import WeightsError
from puppyslug.files.hashing import file_sha256
from puppyslug.labels import Vocabulary, bundled_vocabulary
from puppyslug.networks.finetuned.header import read_header
from puppyslug.networks.registry import registered_networks
from puppyslug.networks.specs import CLASS_MAP, FinetunedHead, LayerSpec, LocalFile, NetworkSpec

_MAX_TITLE_NAMES = 4  # classes that a title names


def read_finetuned_spec(path: Path, *, name: str) -> NetworkSpec:
    """Read the spec of a finetuned network from its file.

    Args:
        path: the file.
        name: of the network.

    Raises:
        NetworkError: there is no such file.
        WeightsError: the file is damaged, is no finetuned network, or its base is unknown.
    """
    header = read_header(path)
    base = registered_networks().get(header.base)
    base = None if base is None else base.without_probe()
    if base is None:
        raise WeightsError(
            f"{path} is a finetuned {header.base[:80]!r}, a network that this version does not know"
        )
    if len(header.base_classes) not in (0, base.classes):
        raise WeightsError(
            f"{path} is damaged: it names {len(header.base_classes)} classes of {base.name}, which "
            f"has {base.classes or 'none'}; teach it again"
        )
    weights = LocalFile(path, file_sha256(path))
    return make_finetuned_spec(base, header.head, name=name, weights=weights)


def make_finetuned_spec(
    base: NetworkSpec, head: FinetunedHead, *, name: str, weights: LocalFile | None = None
) -> NetworkSpec:
    """Derive the spec of a finetuned network.

    Args:
        base: the network that is finetuned.
        head: its new classes.
        name: of the finetuned network.
        weights: its file, where it exists already.
    """
    base = base.without_probe()
    classes = len(head.new_classes) + (base.classes or 1)
    layers = list(base.layers)
    if not base.classes:
        layers.append(LayerSpec(CLASS_MAP, 0, layers[-1].geometry))
    return replace(
        base,
        name=name,
        title=f"{base.title}, finetuned on {_join_names(head.new_classes)}",
        layers=tuple(
            replace(layer, channels=classes) if layer.channels in (0, base.classes) else layer
            for layer in layers
        ),
        weights=weights,
        classes=classes,
        vocabulary="",
        labels=None,
        finetuned=head,
        motifs=base.motifs if base.classes else (*base.motifs, (CLASS_MAP, "things by name")),
    )


def finetuned_vocabulary(spec: NetworkSpec, head: FinetunedHead) -> Vocabulary:
    """Return the names of a finetuned network's classes: the new ones, then those of its base."""
    base = registered_networks()[head.base].without_probe()
    base_vocabulary = bundled_vocabulary(base.vocabulary)
    if head.base_classes:
        base_vocabulary = Vocabulary.from_names(base.name, head.base_classes)
    return Vocabulary.finetuned(spec.name, head.new_classes, base_vocabulary)


def _join_names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MAX_TITLE_NAMES])
    rest = len(names) - _MAX_TITLE_NAMES
    return f"{shown} and {rest} more" if rest > 0 else shown

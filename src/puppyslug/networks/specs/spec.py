"""The shape of a record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from puppyslug.errors import NetworkError, nearest
from puppyslug.networks.specs.layers import LayerSpec
from puppyslug.networks.specs.weights_source import RemoteFile, Weights, joint_sha256, known_sha256

MEMBER = "::"  # between the name of an ensemble's member and its layer's: vgg19::relu4_4
MODULE = "module"  # the family of networks that others bring
CLASS_MAP = "labels"  # the layer that holds, at every position, the logits of all classes


@dataclass(frozen=True)
class Taught:
    """What a network was taught beside what its base knows.

    Attributes:
        base: the name of the network that it began as.
        things: what it was taught, the first of its classes; those after them are the base's own,
            or the one class "none" where the base knows none.
        classes: the names of the base's classes where puppyslug does not bring them.
        sharpness: by which logits are multiplied for a verdict; dreams go by softer ones, for a
            network that is sure already has nowhere to go.
        shift: what is added to the things' logits before that.
        sure_from: the probability from which on a verdict is sure.
    """

    base: str
    things: tuple[str, ...]
    classes: tuple[str, ...] = ()
    sharpness: float = 1.0
    shift: float = 0.0
    sure_from: float = 0.5


@dataclass(frozen=True)
class NetworkSpec:
    """All that is known of a network without loading it.

    Attributes:
        name: what ``--network`` takes.
        title: what people call it.
        architecture: the module of ``puppyslug.networks.architectures`` that builds it.
        structure: the family's own description of this member, such as its blocks.
        layers: every named layer, lowest first.
        default_layer: what it dreams of unless told otherwise.
        depths: layers that show its depths well, lowest first: a sheet's and a journey's.
        mean: of each channel, in the order and scale of ``scale`` and ``bgr``.
        std: of each channel, divided by after the mean is subtracted.
        scale: what white is in the network's input, 255 or 1.
        bgr: whether the network wants blue first.
        weights: where the weights come from; None for an ensemble, and for a module of one's own.
        licence: of the weights.
        credit: what the licence asks to be said, or whom to thank.
        source: paper or page that describes the network.
        values_per_pixel: numbers kept per pixel of the picture at the peak of a gradient, for
            the memory plan; measured.
        classes: how many classes its head knows, 0 without a head.
        vocabulary: the name of the classes' names, where puppyslug brings them: ``"imagenet"``.
        labels: a file with the classes' names otherwise, or None.
        shows: what dreams tend to show, each with the layer from which on they do, lowest first.
        trained_at: edge, in pixels, of the pictures that it was trained with.
        members: of an ensemble, the networks in it; empty for a single network.
        class_map: what the literature calls the layer that is ``labels`` here; empty for nothing
            else.
        no_classes: of an ensemble whose members know classes, why it knows none all the same.
        taught: what it was taught; None for a network as it came.
    """

    name: str
    title: str
    architecture: str
    structure: tuple[object, ...]
    layers: tuple[LayerSpec, ...]
    default_layer: str
    depths: tuple[str, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    scale: float
    bgr: bool
    weights: Weights | None
    licence: str
    credit: str
    source: str
    values_per_pixel: float
    classes: int = 0
    vocabulary: str = ""
    labels: RemoteFile | None = None
    shows: tuple[tuple[str, str], ...] = ()
    trained_at: int = 224
    members: tuple["NetworkSpec", ...] = ()
    class_map: str = ""
    no_classes: str = ""
    taught: Taught | None = None
    _by_name: Mapping[str, LayerSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {layer.name: layer for layer in self.layers}
        if self.class_map:
            by_name[self.class_map] = by_name[CLASS_MAP]
        for member in self.members:
            for layer in member.layers:
                if layer.name == CLASS_MAP and self.no_classes:
                    continue
                by_name.setdefault(layer.name, by_name[f"{member.name}{MEMBER}{layer.name}"])
        object.__setattr__(self, "_by_name", MappingProxyType(by_name))

    @property
    def brought(self) -> bool:
        """Whether somebody else brings the network, as a module."""
        return self.architecture == MODULE

    @property
    def brings_modules(self) -> bool:
        """Whether it, or a network in it, is brought by somebody else."""
        return self.brought or any(member.brought for member in self.members)

    @property
    def known_sha256(self) -> str:
        """What ``Network.weights_sha256`` will be; empty where that is not known before."""
        if not self.members:
            return known_sha256(self.weights)
        hashes = [member.known_sha256 for member in self.members]
        return joint_sha256(hashes) if all(hashes) else ""

    def layer(self, name: str) -> LayerSpec:
        """Look a layer up.

        Args:
            name: the layer's name.

        Raises:
            NetworkError: there is no such layer; near names are offered.
        """
        if name == CLASS_MAP and self.no_classes:
            raise NetworkError(self.no_classes)
        if name not in self._by_name:
            known = () if self.members else self._by_name
            advice = f"{nearest(name, known)} " if known else ""
            raise NetworkError(
                f"{self.name} has no layer {name!r}; {advice}"
                f"('puppyslug layers {self.name}' lists them)"
            )
        return self._by_name[name]

    def tends_to_show(self, name: str) -> str:
        """What dreams of a layer tend to show; empty where nobody has said."""
        depth = self.depth(name)
        texts = [text for first, text in self.shows if self.depth(first) <= depth]
        return texts[-1] if texts else ""

    def depth(self, name: str) -> int:
        """How high a layer stands, counted from 0, the one next to the picture."""
        return self.layers.index(self.layer(name))

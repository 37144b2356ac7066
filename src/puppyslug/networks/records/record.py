"""The shape of a record, and the arithmetic of layers: stride, receptive field, positions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from puppyslug.errors import NetworkError, nearest

MEMBER = "::"  # between the name of an ensemble's member and its layer's: vgg19::relu4_4
CLASS_MAP = "labels"  # the layer that holds, at every position, the logits of all classes


@dataclass(frozen=True)
class LayerRecord:
    """One named layer.

    Attributes:
        name: the literature's name, such as ``relu4_4``.
        channels: how many channels it has.
        stride: pixels of the picture between two neighbouring positions of the layer.
        receptive_field: edge, in pixels, of the square that one position sees.
        reach: pixels that a position may see beyond its own cell of stride×stride, to any side.
        drops_last: whether an incomplete last window is dropped (VGG's pooling) or padded.
    """

    name: str
    channels: int
    stride: int
    receptive_field: int
    reach: int
    drops_last: bool = False

    @property
    def smallest(self) -> int:
        """Shortest edge, in pixels, of a picture that fills one position of the layer."""
        return self.stride

    def positions(self, size: tuple[int, int]) -> tuple[int, int]:
        """How many positions, (rows, columns), the layer has on a picture of this size."""
        extra = 0 if self.drops_last else self.stride - 1
        return (size[0] + extra) // self.stride, (size[1] + extra) // self.stride


@dataclass(frozen=True)
class PackagedWeights:
    """Weights that an installed package brings.

    Attributes:
        package: name of the importable package that holds the file; it is never imported.
        path: of the file inside the package.
        sha256: of the file that puppyslug was tested with.
    """

    package: str
    path: str
    sha256: str


@dataclass(frozen=True)
class NetworkRecord:
    """All that is known of a network without loading it.

    Attributes:
        name: what ``--network`` takes.
        title: what people call it.
        family: the module of ``puppyslug.networks.families`` that builds it.
        structure: the family's own description of this member, such as its blocks.
        layers: every named layer, lowest first.
        default_layer: what it dreams of unless told otherwise.
        depths: layers that show its depths well, lowest first: a sheet's and a journey's.
        mean: of each channel, in the order and scale of ``scale`` and ``bgr``.
        std: of each channel, divided by after the mean is subtracted.
        scale: what white is in the network's input, 255 or 1.
        bgr: whether the network wants blue first.
        weights: where the weights come from.
        licence: of the weights.
        credit: what the licence asks to be said, or whom to thank.
        source: paper or page that describes the network.
        values_per_pixel: numbers kept per pixel of the picture at the peak of a gradient, for
            the memory plan; measured.
        classes: how many classes its head knows, 0 without a head.
        trained_at: edge, in pixels, of the pictures that it was trained with.
        members: of an ensemble, the networks in it; empty for a single network.
    """

    name: str
    title: str
    family: str
    structure: tuple[object, ...]
    layers: tuple[LayerRecord, ...]
    default_layer: str
    depths: tuple[str, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    scale: float
    bgr: bool
    weights: PackagedWeights
    licence: str
    credit: str
    source: str
    values_per_pixel: float
    classes: int = 0
    trained_at: int = 224
    members: tuple["NetworkRecord", ...] = ()
    _by_name: Mapping[str, LayerRecord] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {layer.name: layer for layer in self.layers}
        for member in self.members:
            for layer in member.layers:
                by_name.setdefault(layer.name, by_name[f"{member.name}{MEMBER}{layer.name}"])
        object.__setattr__(self, "_by_name", MappingProxyType(by_name))

    def layer(self, name: str) -> LayerRecord:
        """Look a layer up.

        Args:
            name: the layer's name.

        Raises:
            NetworkError: there is no such layer; near names are offered.
        """
        if name not in self._by_name:
            known = () if self.members else self._by_name
            advice = f"{nearest(name, known)} " if known else ""
            raise NetworkError(
                f"{self.name} has no layer {name!r}; {advice}"
                f"('puppyslug layers {self.name}' lists them)"
            )
        return self._by_name[name]

    def depth(self, name: str) -> int:
        """How high a layer stands, counted from 0, the one next to the picture."""
        return self.layers.index(self.layer(name))


class LayerTable:
    """Collects layers from the picture upwards and keeps their arithmetic.

    Padding is assumed to keep a layer's size but for its stride ("same" padding).
    """

    def __init__(self, *, drops_last: bool = False) -> None:
        """Start at the picture; ``drops_last`` as in ``LayerRecord``."""
        self.layers: list[LayerRecord] = []
        self._drops_last = drops_last
        self._stride = 1
        self._receptive_field = 1
        self._reach = 0

    def add(self, name: str, channels: int, *, kernel: int = 1, stride: int = 1) -> None:
        """Put one layer on top.

        Args:
            name: the layer's name.
            channels: of its output.
            kernel: edge of its window, in positions of the layer below.
            stride: of its window, in positions of the layer below.
        """
        self._receptive_field += (kernel - 1) * self._stride
        self._reach += kernel // 2 * self._stride
        self._stride *= stride
        self.layers.append(
            LayerRecord(
                name,
                channels,
                self._stride,
                self._receptive_field,
                self._reach,
                self._drops_last,
            )
        )

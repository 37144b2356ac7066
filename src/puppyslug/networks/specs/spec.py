"""``NetworkSpec``: the description of a network, which needs neither torch nor weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from puppyslug.errors import LabelError, NetworkError, suggest
from puppyslug.labels import find_label
from puppyslug.networks.specs.layer_geometry import LayerSpec
from puppyslug.networks.specs.weights_source import (
    RemoteFile,
    WeightsSource,
    combine_sha256,
    expected_sha256,
)

LAYER_SEPARATOR = "::"  # between an ensemble's member and its layer: vgg19::relu4_4
EXTERNAL_ARCHITECTURE = "module"  # architecture of every external network
CLASS_MAP = "labels"  # the layer that holds the logits of all classes at every position


@dataclass(frozen=True)
class FinetunedHead:
    """The classifier of a finetuned network.

    Attributes:
        base: name of the network that was finetuned.
        new_classes: names of the classes that it was trained on. They are its first classes; the
            base's own follow, or the one class "none" where the base has none.
        base_classes: names of the base's classes, where puppyslug does not include them.
        logit_scale: factor of the logits for classification. Dreams use the unscaled logits: a
            saturated softmax has no gradient.
        logit_bias: added to the logits of the new classes before they are scaled.
        confidence_threshold: lowest probability at which a classification counts as sure.
    """

    base: str
    new_classes: tuple[str, ...]
    base_classes: tuple[str, ...] = ()
    logit_scale: float = 1.0
    logit_bias: float = 0.0
    confidence_threshold: float = 0.5


@dataclass(frozen=True)
class LinearProbe:
    """A linear classifier on the activations of a network that has none, fitted afterwards.

    G. Alain, Y. Bengio: Understanding intermediate layers using linear classifier probes, 2016,
    arXiv:1610.01644.

    Attributes:
        layer: name of the layer below it.
        file: name of its file in ``puppyslug.networks.probes``.
        weights_sha256: hash of the network's weights file that it was fitted to.
    """

    layer: str
    file: str
    weights_sha256: str


@dataclass(frozen=True)
class NetworkSpec:
    """The description of a network, available without loading it.

    Attributes:
        name: what ``--network`` takes.
        title: human-readable name.
        architecture: name under which its architecture is registered, which is also that of the
            module in ``puppyslug.networks.architectures``.
        structure: configuration of the architecture, such as its blocks.
        layers: every named layer, lowest first.
        default_layer: layer that is maximised by default.
        preview_layers: representative layers, lowest first, for sheets and journeys.
        mean: of each channel of ``picture_channels``, in the order and scale of ``bgr`` and
            ``scale``.
        std: of the same channels; the input is divided by it after the mean is subtracted.
        scale: value of white in the network's input, 255 or 1.
        bgr: whether the network expects blue first.
        weights: source of the weights; None for ensembles and external networks.
        licence: of the weights.
        credit: attribution that the licence asks for, or the authors.
        source: paper or page that describes the network.
        values_per_pixel: numbers held in memory per pixel of the image at the peak of a gradient,
            measured; for the memory plan.
        classes: number of classes of its classifier, 0 without one.
        vocabulary: the bundled vocabulary that names its classes, such as ``"imagenet"``, or empty.
        labels: a file to download with the names of its classes, or None.
        motifs: what dreams tend to show: (lowest layer that shows it, motif), lowest first.
        trained_at: side length, in pixels, of the images that it was trained with.
        members: of an ensemble, its networks; empty for a single network.
        class_map_alias: the literature's name of the layer ``labels``; empty for none.
        class_map_error: why a network has no class map, although one might expect it.
        finetuned: classifier of a finetuned network, else None.
        probe: the classifier of a network that was trained without one, else None.
        has_statistics: whether the architecture reads statistics of natural photographs from its
            weights; see ``Architecture.normalisation_statistics``.
        input_channels: number of channels of the network's input.
        picture_channels: those of them that are a picture's red, green and blue, or the only one,
            which is the mean of the three; the others are held at their mean.
        input_side: side in pixels of the only images that the network accepts, 0 if it accepts all.
    """

    name: str
    title: str
    architecture: str
    structure: tuple[object, ...]
    layers: tuple[LayerSpec, ...]
    default_layer: str
    preview_layers: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float
    bgr: bool
    weights: WeightsSource | None
    licence: str
    credit: str
    source: str
    values_per_pixel: float
    classes: int = 0
    vocabulary: str = ""
    labels: RemoteFile | None = None
    motifs: tuple[tuple[str, str], ...] = ()
    trained_at: int = 224
    members: tuple["NetworkSpec", ...] = ()
    class_map_alias: str = ""
    class_map_error: str = ""
    finetuned: FinetunedHead | None = None
    probe: LinearProbe | None = None
    has_statistics: bool = False
    input_channels: int = 3
    picture_channels: tuple[int, ...] = (0, 1, 2)
    input_side: int = 0
    _by_name: Mapping[str, LayerSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {layer.name: layer for layer in self.layers}
        if self.class_map_alias:
            by_name[self.class_map_alias] = by_name[CLASS_MAP]
        for member in self.members:
            for layer in member.layers:
                if layer.name == CLASS_MAP and (self.class_map_error or member.probe):
                    continue
                full_name = f"{member.name}{LAYER_SEPARATOR}{layer.name}"
                by_name.setdefault(layer.name, by_name[full_name])
        object.__setattr__(self, "_by_name", MappingProxyType(by_name))

    def __reduce__(self) -> tuple[type["NetworkSpec"], tuple[object, ...]]:
        """Pickle and copy without the index of layers, which is built again."""
        return type(self), tuple(getattr(self, one.name) for one in fields(self) if one.init)

    @property
    def is_external(self) -> bool:
        """Whether it is an external network, such as a module of the user."""
        return self.architecture == EXTERNAL_ARCHITECTURE

    @property
    def is_grey(self) -> bool:
        """Whether the network sees the brightness of a picture only."""
        grey = len(self.picture_channels) == 1
        return grey and all(member.is_grey for member in self.members)

    @property
    def uses_external_modules(self) -> bool:
        """Whether it is an external network, or an ensemble with one."""
        return self.is_external or any(member.is_external for member in self.members)

    @property
    def trained_classes(self) -> int:
        """Number of classes that the network itself was trained on, 0 for none."""
        return 0 if self.probe else self.classes

    def without_probe(self, reason: str = "") -> "NetworkSpec":
        """Return the spec of the network alone; this one if it has no probe.

        Args:
            reason: why there is no class map, as in ``class_map_error``.
        """
        if self.probe is None:
            return self
        return replace(
            self,
            layers=tuple(layer for layer in self.layers if layer.name != CLASS_MAP),
            motifs=tuple(motif for motif in self.motifs if motif[0] != CLASS_MAP),
            classes=0,
            vocabulary="",
            probe=None,
            class_map_error=reason,
        )

    @property
    def expected_sha256(self) -> str:
        """What ``Network.weights_sha256`` will be; empty where it is not known in advance."""
        if not self.members:
            return expected_sha256(self.weights)
        hashes = [member.expected_sha256 for member in self.members]
        return combine_sha256(hashes) if all(hashes) else ""

    def layer(self, name: str) -> LayerSpec:
        """Look up a layer by name.

        Raises:
            NetworkError: there is no such layer; the message suggests similar names.
        """
        if name == CLASS_MAP and self.class_map_error:
            raise NetworkError(self.class_map_error)
        if name not in self._by_name:
            known = () if self.members else self._by_name
            advice = f"{_suggest_class(name) or suggest(name, known)} " if known else ""
            listing = "" if self.is_external else f"('puppyslug layers {self.name}' lists them)"
            raise NetworkError(f"{self.name} has no layer {name!r}; {advice}{listing}".rstrip())
        return self._by_name[name]

    def typical_motif(self, layer: str) -> str:
        """Return what dreams of a layer tend to show; empty where it is not known."""
        index = self.layer_index(layer)
        motifs = [motif for first, motif in self.motifs if self.layer_index(first) <= index]
        return motifs[-1] if motifs else ""

    def layer_index(self, name: str) -> int:
        """Return the index of a layer, counted from 0 at the image."""
        return self.layers.index(self.layer(name))


def _suggest_class(name: str) -> str:
    """Return a hint if a class was named in place of a layer; empty otherwise."""
    try:
        label = find_label(name)
    except LabelError:
        return ""
    return "" if name.isdigit() else f"write see({label.name}) to dream of that class"

"""A loaded network: activations of a picture by layer name, no deeper than asked for."""

import copy
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor, nn

from puppyslug.errors import NetworkError
from puppyslug.labels import Label, Vocabulary, bundled, open_label
from puppyslug.networks.architectures import Architecture
from puppyslug.networks.class_names import taught_vocabulary
from puppyslug.networks.external.introspection import measure
from puppyslug.networks.external.module import Module
from puppyslug.networks.external.spec import describe
from puppyslug.networks.kernels import Convolution
from puppyslug.networks.specs import NetworkSpec
from puppyslug.networks.specs.spec import MODULE

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float64": torch.float64,  # to tell rounding from a mistake; recipes have no use for it
}


class Network:
    """A network with its weights, ready to look at pictures.

    Attributes:
        spec: what is known of it.
        vocabulary: the names of its classes; None where it knows none.
        weights_name: the weights file's name.
        weights_sha256: the weights file's hash.
        precision: ``"float32"`` or ``"bfloat16"``, what it computes in.
        device: where it computes.
        winograd_from: fewest channels for which 3×3 convolutions go by Winograd's method; 0 for
            none.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        architecture: Architecture,
        *,
        weights_name: str = "",
        weights_sha256: str = "",
        precision: str = "float32",
        device: str = "cpu",
        winograd_from: int = 0,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self.spec = spec
        self.vocabulary = vocabulary or _vocabulary_of(spec)
        self.weights_name = weights_name
        self.weights_sha256 = weights_sha256
        self.precision = precision
        self.winograd_from = winograd_from
        self.device = torch.device(device)
        self._architecture = architecture.eval().requires_grad_(False)
        for module in self._architecture.modules():
            if isinstance(module, Convolution):
                module.freeze(
                    device=self.device, dtype=DTYPES[precision], winograd_from=winograd_from
                )
        self._architecture.to(device=self.device, dtype=DTYPES[precision])
        for parameter in self._architecture.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        std = torch.tensor(spec.std).reshape(1, 3, 1, 1)
        self._scale = (spec.scale / std).to(self.device)
        self._offset = (torch.tensor(spec.mean).reshape(1, 3, 1, 1) / std).to(self.device)

    @classmethod
    def from_module(
        cls,
        module: nn.Module,
        *,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        input_range: tuple[float, float] = (0.0, 1.0),
        bgr: bool = False,
        name: str = MODULE,
        labels: Sequence[str] | str | None = None,
        default_layer: str | None = None,
        trained_at: int = 224,
    ) -> Self:
        """Make a network of any module of torch's; its layers are its submodules, dotted.

        Transformers dream too: lists of tokens are read as the maps that they came from. The
        module is put into evaluation mode, its parameters no longer ask for gradients.

        Args:
            module: takes pictures N×3×H×W of any size, or of any multiple of some edge.
            mean: what is subtracted from each channel, in the scale of ``input_range``.
            std: what each channel is divided by after that.
            input_range: what black and white are to the module before that, such as (0, 255).
            bgr: whether it takes blue first.
            name: what to call it.
            labels: names of the classes, in their order, where the module's own output is their
                logits; ``"imagenet"`` for ImageNet's 1000.
            default_layer: what it dreams of unless told otherwise.
            trained_at: edge, in pixels, of the pictures that it was trained with.

        Raises:
            NetworkError: the module takes no such pictures, gives no maps, or as many logits as
                there are labels.
        """
        vocabulary = bundled(labels) if isinstance(labels, str) else None
        if vocabulary is None and labels is not None:
            vocabulary = Vocabulary.of_names(name, labels)
        measured = measure(module.eval(), trained_at)
        spec = describe(
            module,
            measured,
            vocabulary,
            name=name,
            mean=mean,
            std=std,
            input_range=input_range,
            bgr=bgr,
            default_layer=default_layer,
            trained_at=trained_at,
        )
        return cls(
            spec,
            Module(module, spec.layers, measured.forms, measured.multiple),
            weights_name=name.rpartition("/")[2],
            weights_sha256=_hash_of(module),
            vocabulary=vocabulary,
        )

    def moved(self, *, precision: str, device: str) -> Self:
        """The same network, computing in this precision and there, with weights of its own."""
        if (precision, torch.device(device)) == (self.precision, self.device):
            return self
        return type(self)(
            self.spec,
            copy.deepcopy(self._architecture),
            weights_name=self.weights_name,
            weights_sha256=self.weights_sha256,
            precision=precision,
            device=device,
            winograd_from=self.winograd_from,
            vocabulary=self.vocabulary,
        )

    @property
    def architecture(self) -> Architecture:
        """Its layers with their weights; shared, so copy what is to be changed."""
        return self._architecture

    def renamed(self, name: str) -> Self:
        """The same network, called so."""
        self.spec = replace(self.spec, name=name)
        return self

    def activations(self, image: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Compute the layers asked for, and none above the highest of them.

        Args:
            image: N×3×H×W RGB in [0, 1]; gradients flow back to it.
            layers: names of layers.

        Returns:
            Activations, N×C×h×w in the network's precision, by the names that were asked for.

        Raises:
            NetworkError: there is no such layer.
        """
        asked = {name: self.spec.layer(name).name for name in layers}
        wanted = set(asked.values())
        found: dict[str, Tensor] = {}
        for name, activation in self._architecture.layers(self._own_space(image), wanted):
            if name in wanted:
                found[name] = activation
                if len(found) == len(wanted):
                    break
        return {name: found[full] for name, full in asked.items()}

    def find_label(self, name: str) -> Label:
        """Look a class up as this network calls it; see ``Vocabulary.find``.

        Raises:
            LabelError: no such class or group; near names are offered.
        """
        return self.vocabulary.find(name) if self.vocabulary else open_label(name)

    def known_vocabulary(self) -> Vocabulary:
        """The names of its classes.

        Raises:
            NetworkError: it knows no classes.
        """
        if self.vocabulary is None:
            raise NetworkError(f"{self.spec.name} knows no classes, so it has no names for them")
        return self.vocabulary

    def _own_space(self, image: Tensor) -> Tensor:
        """The picture as the network was trained on: colour order, scale, mean, precision."""
        if self.spec.bgr:
            image = image.flip(1)
        return (image * self._scale - self._offset).to(
            DTYPES[self.precision], memory_format=torch.channels_last
        )


def _vocabulary_of(spec: NetworkSpec) -> Vocabulary | None:
    if not spec.classes:
        return None
    if spec.taught is not None:
        return taught_vocabulary(spec, spec.taught)
    return bundled(spec.vocabulary) or Vocabulary.numbered(spec.classes)


def _hash_of(module: nn.Module) -> str:
    """SHA-256 of a module's weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()

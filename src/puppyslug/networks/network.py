"""A loaded network: computes the activations of an image by layer name."""

import copy
import hashlib
import html
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Self, Unpack

import torch
from torch import Tensor, nn

from puppyslug.errors import NetworkError
from puppyslug.isolation.torch_state import copy_inference_weights, isolated
from puppyslug.labels import Label, Vocabulary, bundled_vocabulary, unresolved_label
from puppyslug.networks.architectures import Architecture
from puppyslug.networks.external.adapter import adapt_module, named_vocabulary
from puppyslug.networks.external.spec import InputFormat
from puppyslug.networks.finetuned import finetuned_vocabulary
from puppyslug.networks.kernels import DIRECT, Conv3x3, ConvolutionMethod, DepthwiseConv2d
from puppyslug.networks.layer_info import LayerInfo
from puppyslug.networks.specs import NetworkSpec
from puppyslug.networks.specs.spec import EXTERNAL_ARCHITECTURE

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float64": torch.float64,  # to tell rounding from mistakes; recipes do not offer it
}


class Network:
    """A network with its weights.

    Attributes:
        spec: its description.
        vocabulary: names of its classes; None where it has no classes.
        weights_name: name of the weights file.
        weights_sha256: hash of the weights file.
        precision: ``"float32"`` or ``"bfloat16"``.
        device: where it computes.
        convolution: how 3×3 convolutions are computed.
        labels_name: name of the file with the names of its classes, if the caller gave one.
        labels_sha256: hash of that file.
    """

    labels_name: str = ""
    labels_sha256: str = ""

    @isolated
    def __init__(
        self,
        spec: NetworkSpec,
        architecture: Architecture,
        *,
        weights_name: str = "",
        weights_sha256: str = "",
        precision: str = "float32",
        device: str = "cpu",
        convolution: ConvolutionMethod = DIRECT,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self.spec = spec
        self.vocabulary = vocabulary or _default_vocabulary(spec)
        self.weights_name = weights_name
        self.weights_sha256 = weights_sha256
        self.precision = precision
        self.convolution = convolution
        self.device = torch.device(device)
        copy_inference_weights(architecture)
        self._architecture = architecture.eval().requires_grad_(False)
        for module in self._architecture.modules():
            if isinstance(module, Conv3x3 | DepthwiseConv2d):
                module.freeze(
                    device=self.device,
                    dtype=DTYPES[precision],
                    method=convolution,
                )
        self._architecture.to(device=self.device, dtype=DTYPES[precision])
        for parameter in self._architecture.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        std = torch.tensor(spec.std).reshape(1, -1, 1, 1)
        self._scale = (spec.scale / std).to(self.device)
        self._offset = (torch.tensor(spec.mean).reshape(1, -1, 1, 1) / std).to(self.device)

    @classmethod
    @isolated
    def from_module(
        cls,
        module: nn.Module,
        *,
        name: str = EXTERNAL_ARCHITECTURE,
        labels: Sequence[str] | str | None = None,
        output: str | int | None = None,
        default_layer: str | None = None,
        trained_at: int | None = None,
        **input_format: Unpack[InputFormat],
    ) -> Self:
        """Create a network from any torch module; its layers are its submodules, by dotted name.

        Sequences of tokens are converted to the maps that they stand for. The network is a copy in
        evaluation mode and float32: later changes of the module do not reach it.

        Args:
            module: takes images N×C×H×W of any size, of sizes that are multiples of a number, or
                of one size only; larger images are then seen in windows of that size. It may be
                traced or scripted. Its output, and those of its submodules, may be tensors, or
                tuples, lists, dicts or dataclasses of them.
            name: of the network.
            labels: names of the classes, in order, if an output of the module is their logits;
                ``"imagenet"`` for ImageNet's 1000. If the logits are pooled and linear in a layer,
                there is a class map at that layer's positions.
            output: which output is the logits, by key, attribute or index; default: the first with
                as many channels as there are labels.
            default_layer: layer that is maximised by default; default: one at two thirds of the
                module's depth.
            trained_at: side length, in pixels, of the images that it was trained with; default:
                224, or if the module does not accept that, a size that it does.
            **input_format: ``mean``, subtracted from each channel, in the scale of ``input_range``
                (default: 0); ``std``, by which each channel is divided after that (default: 1);
                ``input_range``, the values of black and white before that (default: (0, 1), often
                (0, 255)); ``bgr``, whether the module expects blue first (default: False);
                ``channels``, the numbers of the input channels that are red, green and blue, or of
                the one that is their mean (default: the first three, or the first). Others are held
                at their mean.

        Raises:
            NetworkError: the module does not accept such images, outputs no tensors, or does not
                have as many logits as there are labels; or an argument is out of range.
        """
        vocabulary = named_vocabulary(name, labels)
        spec, architecture = adapt_module(
            module,
            vocabulary,
            input_format,
            name=name,
            output=output,
            default_layer=default_layer,
            trained_at=trained_at,
        )
        return cls(
            spec,
            architecture,
            weights_name=name.rpartition("/")[2],
            weights_sha256=_hash_state_dict(module),
            vocabulary=vocabulary,
        )

    def to(self, *, precision: str, device: str) -> Self:
        """Return this network in a precision and on a device; a copy unless it is there already.

        Args:
            precision: ``"float32"`` or ``"bfloat16"``.
            device: such as ``"cpu"`` or ``"cuda"``.
        """
        if (precision, torch.device(device)) == (self.precision, self.device):
            return self
        return type(self)(
            self.spec,
            copy.deepcopy(self._architecture),
            weights_name=self.weights_name,
            weights_sha256=self.weights_sha256,
            precision=precision,
            device=device,
            convolution=self.convolution,
            vocabulary=self.vocabulary,
        )

    @property
    def winograd_min_channels(self) -> int:
        """Fewest channels for which 3×3 convolutions use Winograd's method; 0 for never."""
        return self.convolution.winograd_min_channels

    @property
    def tile_alignment(self) -> int:
        """Number of positions of a layer, of which the start of an image's tile is a multiple.

        So Winograd's method rounds as in the undivided image.
        """
        return self.convolution.tile_alignment

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers, lowest first."""
        return tuple(LayerInfo.from_spec(layer) for layer in self.spec.layers)

    def __repr__(self) -> str:
        return (
            f"<Network {self.spec.name}: {len(self.spec.layers)} layers, {self.spec.classes} "
            f"classes, {self.precision} on {self.device}>"
        )

    def _repr_html_(self) -> str:
        """Show the layers as a table in a notebook."""
        rows = "".join(
            f"<tr><td>{html.escape(one.name)}</td><td>{one.channels}</td>"
            f"<td>{one.stride or ''}</td><td>{one.receptive_field or ''}</td></tr>"
            for one in self.layers
        )
        head = "<tr><th>layer</th><th>channels</th><th>stride</th><th>receptive field</th></tr>"
        return f"<table><caption>{html.escape(repr(self))}</caption>{head}{rows}</table>"

    @property
    def architecture(self) -> Architecture:
        """The layers with their weights. They are shared: copy what you change."""
        return self._architecture

    def rename(self, name: str) -> None:
        """Change the network's name."""
        self.spec = replace(self.spec, name=name)

    def activations(self, image: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Compute the activations of layers; no layer above the highest of them is computed.

        Args:
            image: N×3×H×W RGB in [0, 1]; gradients flow back to it.
            layers: names of layers, or a single one.

        Returns:
            Activations N×C×h×w, in the network's precision, by the names in ``layers``.

        Raises:
            NetworkError: there is no such layer.
        """
        if isinstance(layers, str):
            layers = [layers]
        full_names = {name: self.spec.layer(name).name for name in layers}
        targets = set(full_names.values())
        found: dict[str, Tensor] = {}
        for name, activation in self._architecture.iter_layers(self._preprocess(image), targets):
            if name in targets:
                found[name] = activation
                if len(found) == len(targets):
                    break
        return {name: found[full_name] for name, full_name in full_names.items()}

    def find_label(self, name: str) -> Label:
        """Look up a class or group in this network's vocabulary; see ``Vocabulary.find``.

        Raises:
            LabelError: there is no such class or group; the message suggests similar names.
        """
        return self.vocabulary.find(name) if self.vocabulary else unresolved_label(name)

    def require_vocabulary(self) -> Vocabulary:
        """Return the names of the classes.

        Raises:
            NetworkError: the network has no classes.
        """
        if self.vocabulary is None:
            raise NetworkError(
                f"{self.spec.name} has no classes; 'puppyslug networks' lists the networks that do"
            )
        return self.vocabulary

    def _preprocess(self, image: Tensor) -> Tensor:
        """Convert an image to the network's colour order, scale, mean and precision."""
        spec = self.spec
        if len(spec.picture_channels) == 1:
            image = image.mean(1, keepdim=True)
        if spec.bgr:
            image = image.flip(1)
        image = image * self._scale - self._offset
        if spec.picture_channels != tuple(range(spec.input_channels)):
            channels = [torch.zeros_like(image[:, :1])] * spec.input_channels
            for number, plane in zip(spec.picture_channels, image.unbind(1), strict=True):
                channels[number] = plane[:, None]
            image = torch.cat(channels, 1)
        return image.to(DTYPES[self.precision], memory_format=torch.channels_last)


def require_network(value: object) -> None:
    """Check that an argument is a loaded network.

    Raises:
        NetworkError: it is something else, such as a network's name.
    """
    if not isinstance(value, Network):
        advice = f"load_network({value!r})" if isinstance(value, str) else "load_network(NAME)"
        raise NetworkError(
            f"expected a loaded network, not {type(value).__name__}; load it with {advice}, or "
            "use Network.from_module(…)"
        )


def _default_vocabulary(spec: NetworkSpec) -> Vocabulary | None:
    if not spec.classes:
        return None
    if spec.finetuned is not None:
        return finetuned_vocabulary(spec, spec.finetuned)
    return bundled_vocabulary(spec.vocabulary) or Vocabulary.unnamed(spec.classes)


def _hash_state_dict(module: nn.Module) -> str:
    """Return the SHA-256 of a module's weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()

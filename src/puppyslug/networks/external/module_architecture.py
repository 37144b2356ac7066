"""The architecture of external networks: any torch module, whose submodules are the layers."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from torch import Tensor, nn

from puppyslug.errors import NetworkError, option
from puppyslug.images.sizes import Size
from puppyslug.networks.architectures import Architecture
from puppyslug.networks.external.hooks import run_with_hooks
from puppyslug.networks.specs import LayerSpec


class OutputFormat(NamedTuple):
    """How to convert a submodule's output to a map N×C×h×w.

    Attributes:
        channels_last: whether it is N×h×w×C.
        extra_tokens: number of tokens before those of the map, where it is N×tokens×C; None where
            it is no sequence of tokens.
        path: dotted name of the submodule, which may differ from the layer's.
    """

    channels_last: bool = False
    extra_tokens: int | None = None
    path: str = ""

    def to_map(self, output: Tensor, size: Size) -> Tensor:
        """Convert a submodule's output to a map.

        Args:
            output: the submodule's output.
            size: (rows, columns) of the map, for tokens.
        """
        if self.extra_tokens is not None:
            tokens = output[:, self.extra_tokens :]
            return tokens.transpose(1, 2).reshape(len(output), -1, *size)
        if self.channels_last:
            return output.permute(0, 3, 1, 2)
        return output if output.dim() == 4 else output[:, :, None, None]


class _AllComputed(Exception):  # noqa: N818
    """Every target layer has been computed."""


class ModuleArchitecture(Architecture):
    """A module whose layers were found by ``puppyslug.networks.external.introspection``."""

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[LayerSpec],
        formats: Mapping[str, OutputFormat],
        multiple: int,
    ) -> None:
        """Wrap a module.

        Args:
            module: the module.
            layers: its layers.
            formats: of each layer's output.
            multiple: what the sides of its input must be multiples of.
        """
        super().__init__()
        self.module = module
        self._layers = {layer.name: layer for layer in layers}
        self._formats = dict(formats)
        self._multiple = multiple

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """See ``Architecture.iter_layers``: targets only, and no submodule above the highest."""
        height, width = (length - length % self._multiple for length in x.shape[-2:])
        names = {self._formats[name].path: name for name in self._layers if name in targets}
        outputs: dict[str, Any] = {}

        def on_output(path: str, output: Any) -> None:
            outputs[names[path]] = output
            if len(outputs) == len(targets):
                raise _AllComputed

        try:
            run_with_hooks(self.module, list(names), x[..., :height, :width], on_output)
        except _AllComputed:
            pass
        except Exception as error:  # external code may raise anything
            text = " ".join(str(error).split())[:160] or type(error).__name__
            raise NetworkError(
                f"the module does not accept an image of {width}×{height}: {text}; try another "
                f"{option('size')}, or {option('octaves', 1)}"
            ) from error
        for name, layer in self._layers.items():
            if name in targets:
                output = outputs.get(name)
                if not isinstance(output, Tensor):
                    raise NetworkError(
                        f"the module's layer {name} returned no tensor; choose another layer"
                    )
                if x.requires_grad and not output.requires_grad:
                    raise NetworkError(
                        f"the module's layer {name} has no gradient: it is computed without "
                        "gradients, or does not depend on the image; choose another layer"
                    )
                size = layer.output_size((height, width))
                yield name, self._formats[name].to_map(output, size)

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert the module's own state dict."""
        return {f"module.{name}": tensor for name, tensor in weights.items()}

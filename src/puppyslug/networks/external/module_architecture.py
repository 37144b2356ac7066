"""The architecture of external networks: any torch module, whose submodules are the layers."""

from collections.abc import Iterator, Mapping, Set

from torch import Tensor, nn

from puppyslug.errors import NetworkError, option
from puppyslug.networks.architectures import Architecture
from puppyslug.networks.external.hooks import run_with_hooks
from puppyslug.networks.external.introspection import Introspection
from puppyslug.networks.external.outputs import OutputId
from puppyslug.networks.external.windows import join_windows, split_into_windows, window_starts
from puppyslug.networks.specs import CLASS_MAP


class _AllComputed(Exception):  # noqa: N818
    """Every target layer has been computed."""


class ModuleArchitecture(Architecture):
    """A module whose layers were found by ``puppyslug.networks.external.introspection``."""

    def __init__(self, module: nn.Module, introspection: Introspection) -> None:
        """Wrap a module.

        Args:
            module: the module.
            introspection: its layers.
        """
        super().__init__()
        self.module = module
        self._layers = {layer.name: layer for layer in introspection.layers}
        self._formats = dict(introspection.formats)
        self._multiple = introspection.multiple
        self._window = introspection.window
        self._head = introspection.head

    def iter_layers(self, x: Tensor, targets: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """See ``Architecture.iter_layers``: targets only, and no submodule above the highest."""
        known = [name for name in self._layers if name in targets]
        sources = {name: self._source(name) for name in known}
        if self._window:
            rows, columns = (len(window_starts(side, self._window)) for side in x.shape[-2:])
            size = (self._window, self._window)
            x = split_into_windows(x, self._window)
        else:
            height, width = (side - side % self._multiple for side in x.shape[-2:])
            size = (height, width)
            x = x[..., :height, :width]
        outputs = self._run(x, set(sources.values()))
        for name in known:
            output = outputs.get(sources[name])
            if output is None:
                raise NetworkError(
                    f"the module's layer {name} returned no tensor; choose another layer"
                )
            if x.requires_grad and not output.requires_grad:
                raise NetworkError(
                    f"the module's layer {name} has no gradient: it is computed without "
                    "gradients, or does not depend on the image; choose another layer"
                )
            source = self._formats[self._source_name(name)]
            found = source.to_map(output, self._layers[name].output_size(size))
            if name == CLASS_MAP and self._head is not None:
                found = self._head.compute(found, self.module)
            yield name, join_windows(found, rows, columns) if self._window else found

    def _source_name(self, name: str) -> str:
        """Return the layer from which a layer is computed: another one for a class map."""
        return self._head.layer if name == CLASS_MAP and self._head is not None else name

    def _source(self, name: str) -> OutputId:
        source = self._formats[self._source_name(name)]
        return OutputId(source.path, source.key)

    def _run(self, x: Tensor, targets: Set[OutputId]) -> dict[OutputId, Tensor]:
        """Run the module until all targets are computed."""
        outputs: dict[OutputId, Tensor] = {}

        def on_output(one: OutputId, output: Tensor) -> None:
            if one in targets:
                outputs[one] = output
                if len(outputs) == len(targets):
                    raise _AllComputed

        try:
            run_with_hooks(self.module, list({one.path for one in targets}), x, on_output)
        except _AllComputed:
            pass
        except Exception as error:  # external code may raise anything
            height, width = x.shape[-2:]
            text = " ".join(str(error).split())[:160] or type(error).__name__
            raise NetworkError(
                f"the module does not accept an image of {width}×{height}: {text}; try another "
                f"{option('size')}, or {option('octaves', 1)}"
            ) from error
        return outputs

    def convert_state_dict(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Convert the module's own state dict."""
        return {f"module.{name}": tensor for name, tensor in weights.items()}

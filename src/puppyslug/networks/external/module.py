"""Any module of torch's as a family: its submodules are the layers."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from torch import Tensor, nn

from puppyslug.errors import NetworkError
from puppyslug.images.sizes import Size
from puppyslug.networks.architectures.architecture import Architecture
from puppyslug.networks.specs import LayerSpec


class Form(NamedTuple):
    """How to read a submodule's output as a map N×C×h×w.

    Attributes:
        channels_last: whether it is N×h×w×C.
        tokens: tokens before those of the map, where it is N×tokens×C; None where it is no list
            of tokens.
        path: the submodule's own name, which need not be one that objectives can spell.
    """

    channels_last: bool = False
    tokens: int | None = None
    path: str = ""

    def read(self, output: Tensor, positions: Size) -> Tensor:
        """The output as a map.

        Args:
            output: what the submodule gave.
            positions: (rows, columns) of the map, for tokens.
        """
        if self.tokens is not None:
            map_tokens = output[:, self.tokens :]
            return map_tokens.transpose(1, 2).reshape(len(output), -1, *positions)
        if self.channels_last:
            return output.permute(0, 3, 1, 2)
        return output if output.dim() == 4 else output[:, :, None, None]


class _Reached(Exception):  # noqa: N818
    """Every layer that is wanted has been computed."""


def watch(
    module: nn.Module, names: Sequence[str], x: Tensor, seen: Callable[[str, Any], None]
) -> Any:
    """Run a module and see what its submodules give.

    Args:
        module: what to run.
        names: dotted names of submodules; the empty name is the module itself.
        x: its input.
        seen: called with a submodule's name and first output, as it is done. What it raises ends
            the run.

    Returns:
        The module's output.
    """
    done: set[str] = set()

    def hook(name: str) -> Callable[[nn.Module, Any, Any], Any]:
        def after(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            if name in done:
                return None
            done.add(name)
            seen(name, output)
            # A following operation in place would overwrite what was seen.
            return output.clone() if isinstance(output, Tensor) else None

        return after

    submodules = dict(module.named_modules())
    handles = [submodules[name].register_forward_hook(hook(name)) for name in names]
    try:
        return module(x)
    finally:
        for handle in handles:
            handle.remove()


class Module(Architecture):
    """A module whose submodules were measured; see ``puppyslug.networks.external.introspection``."""

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[LayerSpec],
        forms: Mapping[str, Form],
        multiple: int,
    ) -> None:
        """Take the module, its layers, how to read them, and what edges must be multiples of."""
        super().__init__()
        self.module = module
        self._layers = {layer.name: layer for layer in layers}
        self._forms = dict(forms)
        self._multiple = multiple

    def layers(self, x: Tensor, wanted: Set[str]) -> Iterator[tuple[str, Tensor]]:
        """See ``Architecture.layers``: the wanted layers only, and no submodule above the highest."""
        height, width = (edge - edge % self._multiple for edge in x.shape[-2:])
        found: dict[str, Tensor] = {}
        shown = {self._forms[name].path: name for name in self._layers if name in wanted}

        def seen(name: str, output: Any) -> None:
            found[shown[name]] = output
            if len(found) == len(wanted):
                raise _Reached

        names = list(shown)
        try:
            watch(self.module, names, x[..., :height, :width], seen)
        except _Reached:
            pass
        except Exception as error:  # whatever somebody else's code may raise
            text = " ".join(str(error).split())[:160] or type(error).__name__
            raise NetworkError(
                f"the module cannot look at a picture of {width}×{height}: {text}; try another "
                "--size, or --octaves 1"
            ) from error
        for name, layer in self._layers.items():
            if name in wanted:
                if not isinstance(found.get(name), Tensor):
                    raise NetworkError(f"the module's layer {name} gives no tensor here")
                if x.requires_grad and not found[name].requires_grad:
                    raise NetworkError(
                        f"no gradient comes back from the module's layer {name}: it is computed "
                        "without gradients, or does not depend on the picture"
                    )
                positions = layer.positions((height, width))
                yield name, self._forms[name].read(found[name], positions)

    def translate(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Read the module's own state dict."""
        return {f"module.{name}": tensor for name, tensor in weights.items()}

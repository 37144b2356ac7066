"""Loads weights files into architectures, and checks that every tensor fits."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor

from puppyslug.errors import WeightsError, option, plural
from puppyslug.networks.architectures import Architecture, create_architecture
from puppyslug.networks.registry import registered_networks
from puppyslug.networks.specs import NetworkSpec
from puppyslug.networks.weights.checkpoints import without_prefixes
from puppyslug.networks.weights.formats import read_weights_file

_MAX_NAMES = 3  # tensors that a message names


def load_weights(architecture: Architecture, spec: NetworkSpec, path: Path) -> None:
    """Load a weights file into an architecture.

    Args:
        architecture: the one to load into.
        spec: of its network, for the messages.
        path: the file; no code in it is run.

    Raises:
        WeightsError: the file is damaged or of another network; the message names the tensors,
            and the network that the file fits.
    """
    weights = read_weights_file(path)
    try:
        state = _convert_wrapped(architecture, weights, is_finetuned=spec.finetuned is not None)
    except WeightsError as error:
        if spec.finetuned:
            raise WeightsError(f"{path} is damaged: {error}; teach it again") from error
        similar = [name for name in _find_matching_networks(weights) if name != spec.name]
        advice = (
            f"; it looks like {' or '.join(similar)}: use {option('network', similar[0])}"
            if similar
            else ""
        )
        raise WeightsError(f"{path} does not fit {spec.name}: {error}{advice}") from error
    architecture.load_state_dict(state, assign=True)


def validate_finite(architecture: Architecture, path: Path) -> None:
    """Refuse weights that are infinite or not a number, in a file of unknown hash.

    Raises:
        WeightsError: the file is damaged.
    """
    for name, tensor in architecture.state_dict().items():
        if not tensor.isfinite().all():
            raise WeightsError(
                f"{path} is damaged: {name} contains numbers that are not finite; "
                "get the file again"
            )


def _convert_wrapped(
    architecture: Architecture, weights: Mapping[str, Tensor], *, is_finetuned: bool = False
) -> dict[str, Tensor]:
    """Convert as ``_convert`` does, with or without a prefix that all names share.

    Raises:
        WeightsError: they do not fit in either way.
    """
    try:
        return _convert(architecture, weights, is_finetuned=is_finetuned)
    except WeightsError as error:
        first = ""
        for prefix, unwrapped in without_prefixes(weights):
            first = first or prefix
            with contextlib.suppress(WeightsError):
                return _convert(architecture, unwrapped, is_finetuned=is_finetuned)
        hint = f" (every name begins with {first})" if first else ""
        raise WeightsError(f"{error}{hint}") from error


class _AccessTracker(Mapping[str, Tensor]):
    """A mapping that records which of its keys were read."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = weights
        self.accessed: set[str] = set()

    def __getitem__(self, name: str) -> Tensor:
        self.accessed.add(name)
        return self._weights[name]

    def __contains__(self, name: object) -> bool:
        return name in self._weights

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)


def _convert(
    architecture: Architecture, weights: Mapping[str, Tensor], *, is_finetuned: bool = False
) -> dict[str, Tensor]:
    """Convert a file's content to the architecture's state dict, of which every tensor fits.

    Args:
        architecture: what it should fit.
        weights: tensors by the file's names.
        is_finetuned: whether they are named as in the architecture already.

    Raises:
        WeightsError: they do not fit; the message says where, but does not name the file.
    """
    tracker = _AccessTracker(weights)
    expected = architecture.state_dict()
    try:
        if is_finetuned:
            state = {name: tracker[name] for name in expected}
        else:
            state = architecture.convert_state_dict(tracker)
    except KeyError as error:
        raise WeightsError(f"it has no {error.args[0]!r}") from error
    except (IndexError, RuntimeError) as error:
        lines = str(error).splitlines()
        raise WeightsError(lines[0] if lines else type(error).__name__) from error
    for name, tensor in expected.items():
        _validate_tensor(name, state[name], tensor)
    unused = [
        name for name in weights if name not in tracker.accessed and not architecture.ignores(name)
    ]
    if unused:
        rest = f" and {len(unused) - _MAX_NAMES} more" if len(unused) > _MAX_NAMES else ""
        raise WeightsError(f"it also has {', '.join(unused[:_MAX_NAMES])}{rest}")
    return state


def _validate_tensor(name: str, tensor: Tensor, expected: Tensor) -> None:
    if not tensor.is_floating_point():
        raise WeightsError(f"{name} has the type {tensor.dtype}, not floating point")
    if name.endswith("labels.weight") and len(tensor) != len(expected):
        raise WeightsError(
            f"it has {plural(len(tensor), 'class')}, not {len(expected)}; load a network with "
            "other classes with Network.from_module"
        )
    if tensor.shape != expected.shape:
        raise WeightsError(f"{name} is {_format_shape(tensor)}, not {_format_shape(expected)}")


def _find_matching_networks(weights: Mapping[str, Tensor]) -> list[str]:
    """Return the names of the registered networks that weights fit."""
    found = []
    for spec in registered_networks().values():
        try:
            _convert_wrapped(create_architecture(spec, device="meta"), weights)
        except WeightsError:
            continue
        found.append(spec.name)
    return found


def _format_shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "one number"

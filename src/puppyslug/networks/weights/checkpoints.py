"""State dicts in the checkpoints of training scripts: under which key, and with which prefix."""

from collections.abc import Iterator, Mapping

from torch import Tensor

_USUAL_KEYS = ("state_dict", "model_state_dict", "model")  # these take precedence
_OPTIMISERS = ("optim", "sched", "scaler")  # in keys of tensors that are no weights
_MAX_DEPTH = 3  # of dictionaries within each other
_WRAPPERS = ("module.", "_orig_mod.")  # of data-parallel training and torch.compile
_COUNTERS = frozenset(("n_averaged",))  # tensors of averaged models that are no weights


def find_state_dict(content: object) -> dict[str, Tensor] | None:
    """Find the state dict in what a file contains.

    It is looked for under the usual keys first, then under all others; of several, the one with
    the most tensors is taken. The prefixes of data-parallel training and of ``torch.compile`` are
    removed.

    Returns:
        Tensors by name; None if there are none.
    """
    found = _largest_table(content, _MAX_DEPTH)
    if found is None:
        return None
    state = {str(name): tensor for name, tensor in found.items() if name not in _COUNTERS}
    while state and (prefix := next((p for p in _WRAPPERS if _all_start(state, p)), None)):
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return state


def without_prefixes(state: Mapping[str, Tensor]) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Remove the prefix that all names share, one component after the other.

    Yields:
        The prefix, such as ``"model."``, and the state dict without it.
    """
    prefix = ""
    current = dict(state)
    while current:
        first, dot, _ = next(iter(current)).partition(".")
        if not dot or not _all_start(current, first + dot):
            return
        prefix += first + dot
        current = {name.removeprefix(first + dot): tensor for name, tensor in current.items()}
        yield prefix, current


def _largest_table(content: object, depth: int) -> Mapping[object, Tensor] | None:
    """Return the largest dictionary of tensors in nested dictionaries."""
    if not isinstance(content, Mapping) or not depth:
        return None
    if all(isinstance(value, Tensor) and value.device.type == "cpu" for value in content.values()):
        return content
    for key in _USUAL_KEYS:
        if (table := _largest_table(content.get(key), depth - 1)) is not None:
            return table
    tables = [
        _largest_table(value, depth - 1)
        for key, value in content.items()
        if isinstance(key, str) and not any(part in key.lower() for part in _OPTIMISERS)
    ]
    return max((table for table in tables if table), key=len, default=None)


def _all_start(state: Mapping[str, Tensor], prefix: str) -> bool:
    return all(name.startswith(prefix) for name in state)

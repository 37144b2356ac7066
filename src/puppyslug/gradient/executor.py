"""Tile executors, which evaluate a function on every tile of an image."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from puppyslug.networks.network import Network


class TileExecutor(Protocol):
    """Evaluates tiles, in this process or on the workers of a cluster."""

    def __call__(
        self,
        network: Network,
        function: Callable[..., Any],
        arguments: Iterable[tuple[Any, ...]],
    ) -> Iterator[Any]:
        """Evaluate a function on every tile.

        Args:
            network: first argument of the function.
            function: a module-level function, which can be pickled by its name.
            arguments: the other arguments of each call, one tuple per tile.

        Returns:
            The results, in the order of the arguments.
        """


def execute_locally(
    network: Network, function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]
) -> Iterator[Any]:
    """Evaluate one tile after another in this process; see ``TileExecutor``."""
    return (function(network, *each) for each in arguments)

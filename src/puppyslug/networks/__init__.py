"""Networks: torch-free specs, and the loaded ``Network``.

``Network`` is in ``networks.network`` and ``load_network`` in ``networks.loader``; both import
torch, the names below do not. ``specs`` describes each network and ``architectures`` computes it;
docs/networks.md shows how to add one.
"""

from puppyslug.networks.lookup import find_spec
from puppyslug.networks.registry import list_networks
from puppyslug.networks.specs import LayerSpec, NetworkSpec

__all__ = ["LayerSpec", "NetworkSpec", "find_spec", "list_networks"]

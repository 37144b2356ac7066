"""Networks: records that load nothing, and the loaded thing.

``Network`` and ``load_network`` live in ``networks.network`` and ``networks.loading``, which import
torch.
"""

from puppyslug.networks.registry import find_spec, list_networks
from puppyslug.networks.specs import LayerSpec, NetworkSpec

__all__ = ["LayerSpec", "NetworkSpec", "find_spec", "list_networks"]

"""Networks: records that load nothing, and the loaded thing.

``Network`` and ``load_network`` live in ``networks.network`` and ``networks.loading``, which import
torch.
"""

from puppyslug.networks.records import LayerRecord, NetworkRecord
from puppyslug.networks.registry import find_record, list_networks

__all__ = ["LayerRecord", "NetworkRecord", "find_record", "list_networks"]

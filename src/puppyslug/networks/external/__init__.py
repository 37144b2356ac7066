"""External networks: modules of the user, and models of timm, torchvision and other packages.

Importing this package loads no torch; loading an external network does.
"""

from puppyslug.networks.external.factories import (
    ENTRY_POINT_GROUP,
    entry_point_networks,
    find_external_spec,
    is_external_name,
    load_external,
)
from puppyslug.networks.external.trusted_names import is_trusted, trust

__all__ = [
    "ENTRY_POINT_GROUP",
    "entry_point_networks",
    "find_external_spec",
    "is_external_name",
    "is_trusted",
    "load_external",
    "trust",
]

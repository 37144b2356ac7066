"""Atlases: searchable collections of the portraits of all channels of a layer, or of all classes.

Reading an atlas does not import torch.
"""

from puppyslug.visualization.atlas.atlas import Atlas
from puppyslug.visualization.atlas.locations import (
    AtlasNotBuiltError,
    find_atlas,
    find_usable_atlas,
    list_atlases,
)

__all__ = ["Atlas", "AtlasNotBuiltError", "find_atlas", "find_usable_atlas", "list_atlases"]

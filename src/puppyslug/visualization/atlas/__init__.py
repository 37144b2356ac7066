"""Atlases: the portraits of every channel of a layer, or of every class, named and searchable.

Reading one needs no torch.
"""

from puppyslug.visualization.atlas.atlas import Atlas
from puppyslug.visualization.atlas.locations import (
    UnbuiltError,
    find_atlas,
    known_atlas,
    list_atlases,
)

__all__ = ["Atlas", "UnbuiltError", "find_atlas", "known_atlas", "list_atlases"]

"""Finetuned networks: safetensors files whose header names their base and their new classes.

Nothing in such a file can run code, and nothing here imports torch.
"""

from puppyslug.networks.finetuned.files import (
    FINETUNED_SUFFIX,
    finetuned_names_in,
    is_finetuned_file,
    register_finetuned_file,
    registered_spec,
    strip_folder,
    strip_folders,
)
from puppyslug.networks.finetuned.header import (
    MAX_NEW_CLASSES,
    METADATA_KEY,
    FinetunedHeader,
    HoldoutResult,
    header_metadata,
    read_header,
)
from puppyslug.networks.finetuned.spec import (
    finetuned_vocabulary,
    make_finetuned_spec,
    read_finetuned_spec,
)

__all__ = [
    "FINETUNED_SUFFIX",
    "MAX_NEW_CLASSES",
    "METADATA_KEY",
    "FinetunedHeader",
    "HoldoutResult",
    "finetuned_names_in",
    "finetuned_vocabulary",
    "header_metadata",
    "is_finetuned_file",
    "make_finetuned_spec",
    "read_finetuned_spec",
    "read_header",
    "register_finetuned_file",
    "registered_spec",
    "strip_folder",
    "strip_folders",
]

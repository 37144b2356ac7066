"""Reads weights files in several formats, without running code from them."""

import argparse
import contextlib
import json
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from puppyslug.errors import WeightsError
from puppyslug.networks.weights.checkpoints import find_state_dict

_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"  # the first bytes of torch's two formats
# Parts of names in archives that are no state dicts
_PROGRAMS = {
    "/code/": "a TorchScript archive",
    "exported_program.json": "a program of torch.export",
    "models/model.json": "a program of torch.export",
    ".data/extern_modules": "a package of torch.package",
}
# What checkpoints contain beside tensors: arguments of the training script, and NumPy's numbers
_HARMLESS = (
    argparse.Namespace,
    np.dtype,
    np.float64(0).__reduce__()[0],  # the function that restores numbers
    *(type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8", "?")),
)
_DOWNLOAD_AGAIN = "download it again"


def read_weights_file(path: Path) -> dict[str, Tensor]:
    """Read a torch state dict, a ``.safetensors`` or a ``.caffemodel``, by its content.

    Args:
        path: the file. Pickles are read with ``weights_only``.

    Returns:
        Tensors by the file's names, on the CPU; floating-point ones as float32.

    Raises:
        WeightsError: the file is empty, damaged, incomplete, or contains no weights.
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
        size = path.stat().st_size
        if not head:
            raise WeightsError(f"{path} is empty; {_DOWNLOAD_AGAIN}")
        if head.lstrip()[:5].lower() in (b"<!doc", b"<html"):
            raise WeightsError(f"{path} is a web page, not a weights file; {_DOWNLOAD_AGAIN}")
        if head[8:9] == b"{":
            weights: Any = _read_safetensors(path, head, size)
        elif head.startswith((_ZIP, _PICKLE)):
            if head.startswith(_ZIP):
                _validate_archive(path)
            weights = _read_torch(path)
        else:
            weights = _read_caffe(path)
    except OSError as error:
        raise WeightsError(f"the weights {path} cannot be read: {error.strerror}") from error
    state = find_state_dict(weights)
    if state is None:
        raise WeightsError(
            f"{path} contains no state dict, so no weights; save one with torch.save"
        )
    return {name: _to_float32(name, tensor, path) for name, tensor in state.items()}


def _to_float32(name: str, tensor: Tensor, path: Path) -> Tensor:
    """Convert floating-point tensors to float32; integers, as of quantised weights, stay.

    Raises:
        WeightsError: the tensor is sparse, quantised, complex, or larger than its storage (a
            few bytes could otherwise expand to any amount of memory).
    """
    unsupported = tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex()
    if unsupported or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise WeightsError(
            f"{path} is not a plain weights file: {name} is sparse, quantised, complex or expanded"
        )
    try:
        return tensor.float() if tensor.is_floating_point() else tensor
    except (NotImplementedError, RuntimeError) as error:
        raise WeightsError(f"{path} has weights of the unsupported type {tensor.dtype}") from error


def _validate_archive(path: Path) -> None:
    """Refuse archives that are compressed or contain code; torch's state dicts are neither.

    Raises:
        WeightsError: the archive is no state dict.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise WeightsError(f"{path} is damaged or incomplete; {_DOWNLOAD_AGAIN}") from error
    names = [member.filename for member in members]
    for part, kind in _PROGRAMS.items():
        if any(part in name for name in names):
            raise WeightsError(
                f"{path} is {kind}, which contains a program; save the state dict of its module"
            )
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise WeightsError(f"{path} is a compressed archive, not a weights file; unpack it first")


def _read_safetensors(path: Path, head: bytes, size: int) -> dict[str, Tensor]:
    if 8 + int.from_bytes(head[:8], "little") > size:
        raise WeightsError(f"{path} is damaged or incomplete; {_DOWNLOAD_AGAIN}")
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, json.JSONDecodeError, ValueError) as error:
        raise WeightsError(f"{path} is damaged or incomplete; {_DOWNLOAD_AGAIN}") from error


def _read_torch(path: Path) -> object:
    try:
        harmless = getattr(torch.serialization, "safe_globals", contextlib.nullcontext)
        with (
            warnings.catch_warnings(action="ignore"),
            harmless(list(_HARMLESS)),
            path.open("rb") as file,  # of a path, torch takes the format from the suffix
        ):
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises errors of many types
        if isinstance(error, pickle.UnpicklingError) and "global" in str(error).lower():
            raise WeightsError(
                f"{path} contains Python objects, which puppyslug never runs; save the state dict "
                "alone, or as .safetensors"
            ) from error
        raise WeightsError(f"{path} is damaged or incomplete; {_DOWNLOAD_AGAIN}") from error


def _read_caffe(path: Path) -> dict[str, Tensor]:
    from puppyslug.networks.weights.caffe import read_caffe  # imports protobuf

    try:
        return read_caffe(path.read_bytes())
    except WeightsError as error:
        if path.suffix.lower() == ".caffemodel":
            raise WeightsError(f"{path} {error}; {_DOWNLOAD_AGAIN}") from error
        raise WeightsError(
            f"{path} is damaged or not a weights file (.pth, .safetensors or .caffemodel)"
        ) from error

"""Reads weights files without running anything that is inside them."""

import json
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from puppyslug.errors import WeightsError
from puppyslug.networks.weights.caffe import read_caffe

_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"  # torch's two generations begin so
_WRAPPERS = ("state_dict", "model_state_dict", "model")  # under which checkpoints keep weights
_AGAIN = "get it again from where it came"


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a state dict of torch's, a ``.safetensors`` or a ``.caffemodel``; content decides.

    Args:
        path: the file. Torch's pickles are read with ``weights_only``.

    Returns:
        Tensors by the names that the file uses, on the processor; floating-point ones float32.

    Raises:
        WeightsError: the file is empty, damaged, half downloaded, or no weights at all.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512)
        size = path.stat().st_size
        if not start:
            raise WeightsError(f"{path} is empty; {_AGAIN}")
        if start.lstrip()[:5].lower() in (b"<!doc", b"<html"):
            raise WeightsError(f"{path} is a web page, not the weights; {_AGAIN}")
        if start[8:9] == b"{":
            weights: Any = _read_safetensors(path, start, size)
        elif start.startswith((_ZIP, _PICKLE)):
            if start.startswith(_ZIP):
                _check_archive(path)
            weights = _read_torch(path)
        else:
            weights = _read_caffe(path)
    except OSError as error:
        raise WeightsError(f"the weights {path} cannot be read: {error.strerror}") from error
    return {name: _plain(name, tensor, path) for name, tensor in _unwrapped(weights, path).items()}


def _plain(name: str, tensor: Tensor, path: Path) -> Tensor:
    """A tensor as float32 where it has real numbers; no larger than the file that it came from.

    Raises:
        WeightsError: it is of an odd kind, or spread out over more memory than it has.
    """
    odd = tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex()
    if odd or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise WeightsError(f"{path} is no plain weights file: its {name} is of an odd kind")
    try:
        return tensor.float() if tensor.is_floating_point() else tensor
    except (NotImplementedError, RuntimeError) as error:
        raise WeightsError(
            f"{path} holds numbers of a kind ({tensor.dtype}) that is not for weights"
        ) from error


def _check_archive(path: Path) -> None:
    """Refuse an archive that torch did not write: it compresses nothing, and holds no code.

    Raises:
        WeightsError: the archive is another.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise WeightsError(f"{path} is damaged, or only half downloaded; {_AGAIN}") from error
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise WeightsError(f"{path} is a compressed archive, not a weights file; unpack it first")
    if any("/code/" in member.filename for member in members):
        raise WeightsError(f"{path} is a TorchScript archive, which is code; save its state dict")


def _read_safetensors(path: Path, start: bytes, size: int) -> dict[str, Tensor]:
    if 8 + int.from_bytes(start[:8], "little") > size:
        raise WeightsError(f"{path} is damaged, or only half downloaded; {_AGAIN}")
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, json.JSONDecodeError, ValueError) as error:
        raise WeightsError(f"{path} is damaged, or only half downloaded; {_AGAIN}") from error


def _read_torch(path: Path) -> object:
    try:
        with warnings.catch_warnings(action="ignore"):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever the damage happens to trip over
        if isinstance(error, pickle.UnpicklingError) and "global" in str(error).lower():
            raise WeightsError(
                f"{path} holds Python objects beside weights, which puppyslug never runs; "
                "save the state dict alone, or as .safetensors"
            ) from error
        raise WeightsError(f"{path} is damaged, or only half downloaded; {_AGAIN}") from error


def _read_caffe(path: Path) -> dict[str, Tensor]:
    try:
        return read_caffe(path.read_bytes())
    except WeightsError as error:
        if path.suffix.lower() == ".caffemodel":
            raise WeightsError(f"{path} {error}; {_AGAIN}") from error
        raise WeightsError(
            f"{path} is damaged or no weights file, such as a .pth, .safetensors or .caffemodel"
        ) from error


def _unwrapped(weights: object, path: Path) -> dict[str, Tensor]:
    """The table of tensors, out of a checkpoint and of the names of data-parallel training."""
    if isinstance(weights, dict):
        for name in _WRAPPERS:
            if isinstance(weights.get(name), dict):
                weights = weights[name]
                break
    if not isinstance(weights, dict) or not all(
        isinstance(value, Tensor) and value.device.type == "cpu" for value in weights.values()
    ):
        raise WeightsError(f"{path} holds no table of tensors, so no weights")
    names = [str(name) for name in weights]
    prefix = "module." if names and all(name.startswith("module.") for name in names) else ""
    return {str(name).removeprefix(prefix): tensor for name, tensor in weights.items()}

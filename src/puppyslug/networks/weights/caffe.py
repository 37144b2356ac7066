"""Reads Caffe's ``.caffemodel`` files: protocol buffers of layers, in two versions."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from torch import Tensor

from puppyslug.errors import WeightsError

_Field = descriptor_pb2.FieldDescriptorProto
MAX_DIMENSIONS = 8
_BLOB_NAMES = ("weight", "bias")  # of the first two blobs of a layer

# The part of caffe.proto that contains weights: (number, name, type or message, repeated).
# Packed floats are declared as bytes, for speed: a network has a hundred million.
_MESSAGES: dict[str, tuple[tuple[int, str, int | str, bool], ...]] = {
    "BlobShape": ((1, "dim", _Field.TYPE_INT64, True),),
    "BlobProto": (
        (1, "num", _Field.TYPE_INT32, False),
        (2, "channels", _Field.TYPE_INT32, False),
        (3, "height", _Field.TYPE_INT32, False),
        (4, "width", _Field.TYPE_INT32, False),
        (5, "data", _Field.TYPE_BYTES, False),
        (7, "shape", "BlobShape", False),
        (8, "double_data", _Field.TYPE_BYTES, False),
    ),
    "V1LayerParameter": (
        (4, "name", _Field.TYPE_STRING, False),
        (6, "blobs", "BlobProto", True),
    ),
    "LayerParameter": (
        (1, "name", _Field.TYPE_STRING, False),
        (7, "blobs", "BlobProto", True),
    ),
    "NetParameter": (
        (2, "layers", "V1LayerParameter", True),
        (100, "layer", "LayerParameter", True),
    ),
}


def read_caffe(data: bytes) -> dict[str, Tensor]:
    """Read the weights in a ``.caffemodel``, of either version of layers.

    Args:
        data: the file's content.

    Returns:
        float32 tensors by ``layer.weight`` and ``layer.bias``, in the file's shapes.

    Raises:
        WeightsError: the content is damaged or no Caffe network; the message does not name the
            file.
    """
    net = _net_parameter()()
    try:
        net.ParseFromString(data)
    except DecodeError as error:
        raise WeightsError("is damaged or not a .caffemodel file") from error
    weights = {}
    for layer in (*net.layers, *net.layer):
        for index, blob in enumerate(layer.blobs):
            part = _BLOB_NAMES[index] if index < len(_BLOB_NAMES) else str(index)
            weights[f"{layer.name}.{part}"] = _to_tensor(blob, layer.name)
    if not weights:
        raise WeightsError("contains no layers with weights; is it a .caffemodel file?")
    return weights


def _to_tensor(blob: Any, layer: str) -> Tensor:
    shape: Sequence[int] = blob.shape.dim or (blob.num, blob.channels, blob.height, blob.width)
    if len(shape) > MAX_DIMENSIONS or any(length < 1 for length in shape):
        raise WeightsError(f"is damaged: the layer {layer} has an impossible shape")
    data, kind = (blob.data, "<f4") if blob.data else (blob.double_data, "<f8")
    if len(data) != np.dtype(kind).itemsize * np.prod(shape, dtype=object):
        raise WeightsError(f"is damaged: the layer {layer} has another size than its shape says")
    return torch.from_numpy(np.frombuffer(data, kind).astype(np.float32).reshape(shape))


@functools.cache
def _net_parameter() -> type[Any]:
    """Return the message class of a Caffe network, with the fields in ``_MESSAGES``."""
    file = descriptor_pb2.FileDescriptorProto(
        name="puppyslug/caffe.proto", package="puppyslug", syntax="proto2"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, kind, repeated in fields:
            message.field.add(
                name=field,
                number=number,
                label=_Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL,
                type=_Field.TYPE_MESSAGE if isinstance(kind, str) else kind,
                type_name=f".puppyslug.{kind}" if isinstance(kind, str) else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("puppyslug.NetParameter"))

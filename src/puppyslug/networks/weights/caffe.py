"""Reads Caffe's ``.caffemodel`` files: protocol buffers of layers, in two generations."""

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
MOST_DIMENSIONS = 8
_PARTS = ("weight", "bias")  # what a layer's first two blobs are

# The part of Caffe's caffe.proto that weights are in: (number, name, type or message, repeated).
# Numbers are declared as the bytes that they are packed into: a network has a hundred million.
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
    """Read the weights in a ``.caffemodel``, of either generation of layers.

    Args:
        data: the file's content.

    Returns:
        float32 tensors by ``layer.weight`` and ``layer.bias``, in the shapes that the file says.

    Raises:
        WeightsError: the content is no network of Caffe's, or damaged; the message has no file.
    """
    net = _net_parameter()()
    try:
        net.ParseFromString(data)
    except DecodeError as error:
        raise WeightsError("is damaged, or no .caffemodel") from error
    weights = {}
    for layer in (*net.layers, *net.layer):
        for index, blob in enumerate(layer.blobs):
            part = _PARTS[index] if index < len(_PARTS) else str(index)
            weights[f"{layer.name}.{part}"] = _tensor(blob, layer.name)
    if not weights:
        raise WeightsError("holds no layers with weights; is it a .caffemodel?")
    return weights


def _tensor(blob: Any, layer: str) -> Tensor:
    shape: Sequence[int] = blob.shape.dim or (blob.num, blob.channels, blob.height, blob.width)
    if len(shape) > MOST_DIMENSIONS or any(edge < 1 for edge in shape):
        raise WeightsError(f"is damaged: its layer {layer} has an impossible shape")
    data, kind = (blob.data, "<f4") if blob.data else (blob.double_data, "<f8")
    if len(data) != np.dtype(kind).itemsize * np.prod(shape, dtype=object):
        raise WeightsError(f"is damaged: its layer {layer} has another size than it says")
    return torch.from_numpy(np.frombuffer(data, kind).astype(np.float32).reshape(shape))


@functools.cache
def _net_parameter() -> type[Any]:
    """Caffe's message for a network, as far as ``_MESSAGES`` goes."""
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

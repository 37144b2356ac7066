"""Writes Caffe files: GoogLeNet as a prototxt, and weights in the protobuf wire format.

This follows caffe.proto and Table 1 of arXiv:1409.4842, independently of puppyslug.
"""

import struct
from collections.abc import Iterable, Mapping

import numpy as np

V2, V1 = "layer", "layers"  # the two versions of layers in caffe.proto
_V1_TYPES = {"Convolution": 4, "InnerProduct": 14}
# name: 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool proj
TABLE = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _field(number: int, wire: int, payload: bytes) -> bytes:
    return _varint(number << 3 | wire) + payload


def _bytes(number: int, payload: bytes) -> bytes:
    return _field(number, 2, _varint(len(payload)) + payload)


def _blob(array: np.ndarray, version: str) -> bytes:
    if version == V2:
        shape = _bytes(7, _bytes(1, b"".join(map(_varint, array.shape))))
    else:
        dims = (1,) * (4 - array.ndim) + array.shape
        shape = b"".join(_field(n, 0, _varint(size)) for n, size in enumerate(dims, 1))
    return _bytes(5, array.astype("<f4").tobytes()) + shape


def caffemodel(weights: Mapping[str, tuple[str, list[np.ndarray]]], version: str) -> bytes:
    """Serialise weights.

    Args:
        weights: for each layer, its type and its blobs.
        version: ``V1`` or ``V2``.
    """
    out = _bytes(1, b"GoogLeNet")
    for name, (kind, blobs) in weights.items():
        if version == V2:
            layer = _bytes(1, name.encode()) + _bytes(2, kind.encode())
            layer += b"".join(_bytes(7, _blob(blob, V2)) for blob in blobs)
            out += _bytes(100, layer)
        else:
            layer = _bytes(4, name.encode()) + _field(5, 0, _varint(_V1_TYPES[kind]))
            layer += b"".join(_bytes(6, _blob(blob, V1)) for blob in blobs)
            layer += _field(7, 5, struct.pack("<f", 1.0))  # blobs_lr, which readers ignore
            out += _bytes(2, layer)
    return out


class GoogLeNet:
    """A GoogLeNet with random weights.

    Attributes:
        text: the prototxt.
        weights: for each layer, its type and its blobs.
        blobs: for each blob, the layer that writes it last, such as an in-place ReLU.
    """

    def __init__(self, size: tuple[int, int], *, classes: int = 0, seed: int = 0) -> None:
        """Build it for images of (height, width); without classes it has no classifier."""
        self._random = np.random.default_rng(seed)
        self.weights: dict[str, tuple[str, list[np.ndarray]]] = {}
        self.blobs: dict[str, str] = {}
        self.text = 'name: "GoogLeNet" input: "data"\n'
        self.text += "".join(f"input_dim: {n}\n" for n in (1, 3, *size))
        self._conv("conv1/7x7_s2", "data", 3, 64, kernel=7, stride=2, pad=3)
        self._pool("pool1/3x3_s2", "conv1/7x7_s2")
        self._norm("pool1/norm1", "pool1/3x3_s2")
        self._conv("conv2/3x3_reduce", "pool1/norm1", 64, 64)
        self._conv("conv2/3x3", "conv2/3x3_reduce", 64, 192, kernel=3, pad=1)
        self._norm("conv2/norm2", "conv2/3x3")
        self._pool("pool2/3x3_s2", "conv2/norm2")
        output, channels = "pool2/3x3_s2", 192
        for module, widths in TABLE.items():
            output, channels = self._inception(f"inception_{module}", output, channels, widths)
            if module in ("3b", "4e"):
                name = f"pool{int(module[0])}/3x3_s2"
                self._pool(name, output)
                output = name
        if classes:
            self._add("pool5/7x7_s1", "Pooling", [output], "pool: AVE kernel_size: 7 stride: 1")
            self._add(
                "loss3/classifier", "InnerProduct", ["pool5/7x7_s1"], f"num_output: {classes}"
            )
            self.weights["loss3/classifier"] = (
                "InnerProduct",
                [self._normal((classes, channels), channels), self._normal((classes,), 9)],
            )

    def caffemodel(self, version: str) -> bytes:
        return caffemodel(self.weights, version)

    def _normal(self, shape: tuple[int, ...], inputs: int) -> np.ndarray:
        return self._random.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / inputs))

    def _add(self, name: str, kind: str, bottoms: Iterable[str], parameters: str = "") -> None:
        group = {"Pooling": "pooling_param", "Convolution": "convolution_param", "LRN": "lrn_param",
                 "InnerProduct": "inner_product_param"}.get(kind, "")  # fmt: skip
        lines = "".join(f' bottom: "{bottom}"' for bottom in bottoms)
        body = f" {group} {{ {parameters} }}" if group else ""
        self.text += f'layer {{ name: "{name}" type: "{kind}"{lines} top: "{name}"{body} }}\n'
        self.blobs[name] = name

    def _conv(
        self, name: str, bottom: str, in_channels: int, channels: int, kernel=1, stride=1, pad=0
    ) -> None:
        parameters = f"num_output: {channels} kernel_size: {kernel} stride: {stride} pad: {pad}"
        self._add(name, "Convolution", [bottom], parameters)
        weight = self._normal((channels, in_channels, kernel, kernel), in_channels * kernel**2)
        bias = self._random.uniform(-0.2, 0.2, channels).astype(np.float32)
        self.weights[name] = ("Convolution", [weight, bias])
        relu = name.replace("/", "/relu_")
        self.text += f'layer {{ name: "{relu}" type: "ReLU" bottom: "{name}" top: "{name}" }}\n'
        self.blobs[name] = relu

    def _pool(self, name: str, bottom: str) -> None:
        self._add(name, "Pooling", [bottom], "pool: MAX kernel_size: 3 stride: 2")

    def _norm(self, name: str, bottom: str) -> None:
        self._add(name, "LRN", [bottom], "local_size: 5 alpha: 0.0001 beta: 0.75")

    def _inception(
        self, name: str, bottom: str, in_channels: int, widths: tuple[int, ...]
    ) -> tuple[str, int]:
        one, three_reduce, three, five_reduce, five, proj = widths
        self._conv(f"{name}/1x1", bottom, in_channels, one)
        self._conv(f"{name}/3x3_reduce", bottom, in_channels, three_reduce)
        self._conv(f"{name}/3x3", f"{name}/3x3_reduce", three_reduce, three, kernel=3, pad=1)
        self._conv(f"{name}/5x5_reduce", bottom, in_channels, five_reduce)
        self._conv(f"{name}/5x5", f"{name}/5x5_reduce", five_reduce, five, kernel=5, pad=2)
        pooling = "pool: MAX kernel_size: 3 stride: 1 pad: 1"
        self._add(f"{name}/pool", "Pooling", [bottom], pooling)
        self._conv(f"{name}/pool_proj", f"{name}/pool", in_channels, proj)
        branches = [f"{name}/{branch}" for branch in ("1x1", "3x3", "5x5", "pool_proj")]
        self._add(f"{name}/output", "Concat", branches)
        return f"{name}/output", one + three + five + proj

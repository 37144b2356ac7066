"""Inputs and downloads that the networks of torchvision, or of Caffe, have in common."""

from typing import Any

from puppyslug.networks.specs.weights_source import RemoteFile

IMAGENET_CLASSES = 1000

# What torchvision's ImageNet weights expect: RGB in [0, 1], normalised with ImageNet's statistics.
TORCHVISION: dict[str, Any] = {
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "scale": 1.0,
    "bgr": False,
    "classes": IMAGENET_CLASSES,
    "vocabulary": "imagenet",
    "licence": "BSD-3-Clause (torchvision)",
}


def caffe_input(*mean: float) -> dict[str, Any]:
    """Return what Caffe's weights expect: BGR in [0, 255] minus the mean of each channel."""
    return {"mean": mean, "std": (1.0, 1.0, 1.0), "scale": 255.0, "bgr": True}


def torchvision_weights(name: str, sha256: str, size: int) -> RemoteFile:
    """Return a state dict of torchvision, whose file name contains the start of its hash."""
    file = f"{name}-{sha256[:8]}.pth"
    hosts = ("https://download.pytorch.org/models", "https://s3.amazonaws.com/pytorch/models")
    return RemoteFile(file, tuple(f"{host}/{file}" for host in hosts), f"sha256:{sha256}", size)

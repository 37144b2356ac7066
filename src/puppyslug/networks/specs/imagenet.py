"""What the networks have in common that were trained on ImageNet's 1000 classes."""

from typing import Any

from puppyslug.networks.specs.weights_source import RemoteFile

CLASSES = 1000

# The input that torchvision's weights expect: RGB in [0, 1], normalised with ImageNet's statistics.
TORCHVISION: dict[str, Any] = {
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "scale": 1.0,
    "bgr": False,
    "classes": CLASSES,
    "vocabulary": "imagenet",
    "licence": "BSD-3-Clause (torchvision)",
}


def caffe(*mean: float) -> dict[str, Any]:
    """The input that Caffe's weights expect: BGR in 0–255 without the mean of each channel."""
    return {"mean": mean, "std": (1.0, 1.0, 1.0), "scale": 255.0, "bgr": True}


def torchvision_weights(name: str, sha256: str, size: int) -> RemoteFile:
    """A state dict of torchvision's, whose name carries the start of its hash."""
    file = f"{name}-{sha256[:8]}.pth"
    hosts = ("https://download.pytorch.org/models", "https://s3.amazonaws.com/pytorch/models")
    return RemoteFile(file, tuple(f"{host}/{file}" for host in hosts), f"sha256:{sha256}", size)

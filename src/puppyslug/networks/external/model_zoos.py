"""Adapts models of timm and torchvision, where those packages are installed."""

import importlib
from typing import Any

from puppyslug.errors import NetworkError
from puppyslug.networks.network import Network


def load_model(name: str) -> Network:
    """Load a model with its pretrained weights, which its package downloads.

    Args:
        name: ``timm/NAME`` or ``torchvision/NAME``.

    Raises:
        NetworkError: the package is not installed, or has no such model.
    """
    package, _, model = name.partition("/")
    try:
        library: Any = importlib.import_module(package)
    except Exception as error:  # torchvision raises other errors where it does not match torch
        raise NetworkError(
            f"{name} needs the package {package}, which is not installed or cannot be imported; "
            f"run 'pip install {package}'"
        ) from error
    load = _load_timm if package == "timm" else _load_torchvision
    try:
        return load(library, model)
    except NetworkError:
        raise
    except Exception as error:  # an unknown model or no connection: each raises its own type
        text = " ".join(str(error).split())[:200]
        raise NetworkError(f"{name} cannot be loaded from {package}: {text}") from error


def _load_timm(timm: Any, model: str) -> Network:
    try:  # without this option, transformers take images of one size only
        module = timm.create_model(model, pretrained=True, dynamic_img_size=True)
    except TypeError:
        module = timm.create_model(model, pretrained=True)
    config = timm.data.resolve_model_data_config(module)
    return Network.from_module(
        module,
        mean=config["mean"],
        std=config["std"],
        name=f"timm/{model}",
        trained_at=config["input_size"][-1],
        labels="imagenet" if getattr(module, "num_classes", 0) == 1000 else None,
    )


def _load_torchvision(torchvision: Any, model: str) -> Network:
    weights = torchvision.models.get_model_weights(model).DEFAULT
    transforms = weights.transforms()
    names = weights.meta.get("categories", ())
    return Network.from_module(
        torchvision.models.get_model(model, weights=weights),
        mean=transforms.mean,
        std=transforms.std,
        name=f"torchvision/{model}",
        trained_at=transforms.crop_size[0],
        labels="imagenet" if len(names) == 1000 else tuple(names) or None,
    )

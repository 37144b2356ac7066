"""Run neural-dream on the weights of VGG-19 that puppyslug uses: relu4_4, 4 octaves of 10 steps.

    pip install --no-deps --target DIR neural-dream==0.0.4
    PYTHONPATH=DIR python bench/peers/run_neural_dream.py PHOTO RESULT

The weights are written once beside the result, in the format that neural-dream reads. Of
torchvision, which has no build for the CPU wheel of torch in the constraints, it needs a few
transforms of pictures, for which there are stand-ins here.
"""

import runpy
import sys
import types
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from support.notebook import vgg19_parameters

Transform = Callable[[Any], Any]


def stand_in_for_torchvision() -> None:
    """Provide the transforms that neural-dream takes from torchvision."""
    transforms = types.ModuleType("torchvision.transforms")
    stand_ins: dict[str, Callable[..., Transform]] = {
        "Compose": lambda steps: lambda x: reduce(lambda value, step: step(value), steps, x),
        "Lambda": lambda function: function,
        "Resize": lambda size: lambda image: image.resize(size[::-1], Image.Resampling.BILINEAR),
        "ToTensor": lambda: (
            lambda image: torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1) / 255
        ),
        "Normalize": lambda mean, std: (
            lambda x: (x - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
        ),
        "ToPILImage": lambda: (
            lambda x: Image.fromarray(np.uint8(x.detach().clamp(0, 1).permute(1, 2, 0) * 255))
        ),
    }
    vars(transforms).update(stand_ins)
    package = types.ModuleType("torchvision")
    vars(package).update(transforms=transforms, models=types.ModuleType("models"))
    sys.modules.update({"torchvision": package, "torchvision.transforms": transforms})


def save_weights(path: Path) -> None:
    """Save VGG-19's convolutions as neural-dream names them: by their place among the layers."""
    state, place = {}, 0
    for step in vgg19_parameters(5, 4):
        if step is not None:
            state[f"features.{place}.weight"], state[f"features.{place}.bias"] = step
        place += 1 if step is None else 2  # a pooling, or a convolution and its ReLU
    torch.save(state, path)


def main() -> None:
    """Save the weights, and run neural-dream's command."""
    photo, result = sys.argv[1:]
    weights = Path(result).with_name("vgg19.pth")
    if not weights.exists():
        save_weights(weights)
    stand_in_for_torchvision()
    sys.argv = [
        *("neural-dream", "-content_image", photo, "-image_size", "640", "-output_image", result),
        *("-model_file", str(weights), "-model_type", "caffe", "-disable_check", "-gpu", "c"),
        *("-dream_layers", "relu4_4", "-num_octaves", "4", "-octave_scale", str(1 / 1.4)),
        *("-octave_iter", "9", "-num_iterations", "1"),  # it takes one more step than asked for
    ]
    runpy.run_module("neural_dream.neural_dream", run_name="__main__")


if __name__ == "__main__":
    main()

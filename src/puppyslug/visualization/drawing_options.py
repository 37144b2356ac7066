"""What callers can replace in the optimisation of portraits."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypedDict

import numpy as np
import torch
from torch import Tensor

from puppyslug.errors import RecipeError
from puppyslug.images.sizes import Size
from puppyslug.images.tensors import as_image_tensor


class Parameterisation(Protocol):
    """Images as a function of parameters, which are optimised in place of pixels."""

    @property
    def parameters(self) -> Sequence[Tensor]:
        """The leaf tensors to optimise, which require gradients."""

    def decode(self) -> tuple[Tensor, Tensor | None]:
        """Compute the images.

        Returns:
            N×3×height×width RGB in [0, 1]; and N×1×height×width alpha in [0, 1], or None.
        """


Transform = Callable[[Tensor, np.random.Generator], Tensor]
CreateParameterisation = Callable[[int, Size, torch.Generator], Parameterisation]
CreateOptimiser = Callable[[Sequence[Tensor]], torch.optim.Optimizer]


class DrawingOptions(TypedDict, total=False):
    """Options of ``portrait_steps`` that no recipe holds.

    Attributes:
        start: image to start from in place of noise, 1×3×size×size RGB in [0, 1].
        transform: applied to the images before every step, in place of shift, rotation and scaling:
            maps N×3×size×size RGB in [0, 1] and a random generator to images of any size.
        parameterisation: creates the images from their number, (height, width) and a generator, in
            place of Fourier coefficients with decorrelated colours.
        optimiser: creates the optimiser from the parameters, such as
            ``lambda parameters: torch.optim.Adam(parameters, lr=0.1)``.
        learning_rate: of Adam, if there is no ``optimiser``; default: as the number of steps needs.
        decay: exponent of the wavelength by which Fourier coefficients are scaled: the larger, the
            weaker are high frequencies; default: 1.35, and 1.5 for classes.
    """

    start: Tensor
    transform: Transform
    parameterisation: CreateParameterisation
    optimiser: CreateOptimiser
    learning_rate: float
    decay: float


OPTIONS = tuple(DrawingOptions.__annotations__)


def validate_drawing(options: DrawingOptions, size: int, *, transparent: bool) -> DrawingOptions:
    """Check the options, and return them with the start as float32.

    Raises:
        ImageError: the start is no image of this size.
        RecipeError: an option is unknown or out of range, or two contradict each other.
    """
    checked: DrawingOptions = {**options}
    for name, value in checked.items():
        if name not in OPTIONS:
            raise RecipeError(f"portraits have no option {name!r}; use one of {', '.join(OPTIONS)}")
        if name in ("transform", "parameterisation", "optimiser") and not callable(value):
            raise RecipeError(f"{name} is a function, not {type(value).__name__}")
        if name in ("learning_rate", "decay") and not (
            isinstance(value, int | float) and 0 < value < float("inf")
        ):
            raise RecipeError(f"{name} is {value!r}; use a number above 0")
    if "start" in checked:
        checked["start"] = as_image_tensor(checked["start"], "start")
        if tuple(checked["start"].shape[-2:]) != (size, size):
            height, width = checked["start"].shape[-2:]
            raise RecipeError(
                f"start has {width}×{height} pixels, and the portrait {size}×{size}; resize one of "
                "them"
            )
    if "parameterisation" in checked and (transparent or {"start", "decay"} & set(checked)):
        raise RecipeError(
            "a parameterisation of yours decides on start, decay and transparency; leave those out"
        )
    return checked

"""The drawing of named things, from coarse to fine: Adam on the Fourier coefficients of images.

Large shapes settle first, because the spectrum is cut off at a frequency that grows; what is drawn
stays one thing, where a spectrum of full bandwidth gives parts that are scattered over a texture.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from puppyslug.images.sizes import Size
from puppyslug.isolation.torch_state import copy_inference_tensor
from puppyslug.networks.network import Network
from puppyslug.objectives import Batch, Objective
from puppyslug.objectives.term import whole_maps
from puppyslug.spectrum.crops import draw_crop
from puppyslug.spectrum.fourier import FourierImages
from puppyslug.spectrum.natural_statistics import NaturalStatistics, has_natural_statistics
from puppyslug.spectrum.objectives import separate_members
from puppyslug.spectrum.settings import DrawingSettings

INITIAL_STD = 0.01  # of the coefficients
GREY = (124 / 255, 116 / 255, 104 / 255)  # mean colour of photographs (ImageNet)
_DECAY = 1.0  # exponent of the spectrum of natural images
_PERCENT = 100.0


class Drawing:
    """A batch of images that are being drawn.

    Attributes:
        scores: (N,), what is maximised, before the last step.
        settings: how the drawing proceeds.
        completed: number of completed steps.
    """

    def __init__(
        self,
        network: Network,
        objectives: Sequence[Objective],
        size: Size,
        settings: DrawingSettings,
        *,
        seed: int,
        base: Tensor | None = None,
    ) -> None:
        """Start from noise that can hardly be seen.

        Args:
            network: the network that sees the images.
            objectives: one for each image, bound and with labels resolved.
            size: (height, width) of the images.
            settings: how the drawing proceeds.
            seed: of the noise, the crops and the initial coefficients.
            base: 1×3×H×W RGB in [0, 1], the image to draw in; None for grey.

        Raises:
            NetworkError: the network has no statistics of natural photographs.
        """
        self.settings = settings
        self._mask: Tensor | None = None
        self._decoded: tuple[float, Tensor] | None = None  # a cutoff, and the images with it
        self.scores = torch.zeros(len(objectives))
        self._network = network
        self.replace_objectives(objectives)
        self._base = None if base is None else copy_inference_tensor(base)
        self._generator = np.random.default_rng(seed)
        self._noise = torch.Generator().manual_seed(seed)
        grey = torch.tensor(GREY).reshape(1, 3, 1, 1)
        self._images = FourierImages(
            len(objectives),
            size,
            self._noise,
            decay=_DECAY,
            initial_std=INITIAL_STD,
            base=grey if base is None else base,
            device=network.device,
        )
        self._images.scale_chroma(settings.chroma)
        self._adam = self._make_adam()
        self._statistics = None
        if settings.natural and (settings.requires_statistics or has_natural_statistics(network)):
            self._statistics = NaturalStatistics(network)
        self.completed = 0

    def step(self) -> Tensor:
        """Take a step.

        Returns:
            The images after it, N×3×H×W RGB in [0, 1].
        """
        settings, done = self.settings, self.completed / self.settings.steps
        with torch.enable_grad():
            images = self._decode()
            size = (images.shape[-2], images.shape[-1])
            crop = draw_crop(self._generator, size, settings.window, settings.view_size_at(done))
            view = crop.apply(images)
            noise = torch.randn(view.shape, generator=self._noise).to(view)
            view = view + settings.noise * (1 - done) * noise
            self.scores, gradient = self._score(view.detach())
            penalty = self._penalty(images).sum()
            self._adam.zero_grad()
            torch.autograd.backward([view, penalty], [-gradient, torch.ones_like(penalty)])
        for group in self._adam.param_groups:
            group["lr"] = settings.learning_rate_at(done)
        self._adam.step()
        self.completed += 1
        self._decoded = None
        return self.images()

    @property
    def mask(self) -> Tensor | None:
        """N×1×H×W, how much each pixel may change; None for fully. It may be set between steps."""
        return self._mask

    @mask.setter
    def mask(self, mask: Tensor | None) -> None:
        self._mask, self._decoded = mask, None

    def replace_objectives(self, objectives: Sequence[Objective]) -> None:
        """Go on with other objectives, one for each image."""
        spec = self._network.spec
        self._batch = Batch(tuple(separate_members(one, spec) for one in objectives))

    def images(self) -> Tensor:
        """Return the images so far, N×3×H×W RGB in [0, 1]."""
        return self._decode().detach()

    def _decode(self) -> Tensor:
        """Return the images so far, with a graph for the next step."""
        cutoff = self.settings.cutoff_at(self.completed / self.settings.steps)
        if self._decoded is None or self._decoded[0] != cutoff:
            with torch.enable_grad():
                self._decoded = cutoff, self._images.decode(cutoff, self._mask)[0]
        return self._decoded[1]

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return copies of what the next steps depend on: tensors by name, and JSON."""
        adam = self._adam.state[self._images.coefficients]
        tensors = {f"adam/{name}": value.clone() for name, value in adam.items()}
        tensors["coefficients"] = self._images.coefficients.detach().clone()
        tensors["noise"] = self._noise.get_state()
        if self.mask is not None:
            tensors["mask"] = self.mask
        crops = self._generator.bit_generator.state
        return tensors, {"completed": self.completed, "crops": crops}

    def load_state(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Go on from what ``state`` has returned; objectives and settings stay as they are."""
        coefficients = self._images.coefficients
        with torch.no_grad():
            coefficients.copy_(tensors["coefficients"])
        self._adam.state[coefficients] = {
            name.removeprefix("adam/"): value.to(coefficients.device) if value.dim() else value
            for name, value in tensors.items()
            if name.startswith("adam/")
        }
        self._noise.set_state(tensors["noise"])
        self._generator.bit_generator.state = values["crops"]
        self.mask = tensors["mask"].to(coefficients.device) if "mask" in tensors else None
        self.completed = int(values["completed"])

    def select(self, numbers: Sequence[int]) -> None:
        """Go on with some images of the batch only."""
        state = self._adam.state[self._images.coefficients]
        self._images.select(numbers)
        self._decoded = None
        self._batch = Batch(tuple(self._batch.objectives[number] for number in numbers))
        self._adam = self._make_adam()
        self._adam.state[self._images.coefficients] = {
            name: value[list(numbers)] if value.dim() else value for name, value in state.items()
        }
        if self.mask is not None and len(self.mask) > 1:
            self.mask = self.mask[list(numbers)]

    def _make_adam(self) -> torch.optim.Adam:
        return torch.optim.Adam(
            [self._images.coefficients], lr=self.settings.learning_rate, fused=True
        )

    def _score(self, view: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores of what the network sees, (N,), and their gradient."""
        source = view.requires_grad_()
        if self._statistics is None:
            scores = self._objective_scores(source)
        else:
            with self._statistics.collect() as moments:
                scores = self._objective_scores(source)
            if moments:  # else the member with statistics has not been computed
                scores = scores - self.settings.natural * self._statistics.distance(moments)
        (gradient,) = torch.autograd.grad(scores.sum(), source)
        return scores.detach(), gradient

    def _objective_scores(self, view: Tensor) -> Tensor:
        activations = self._network.activations(view, self._batch.layers)
        return self._batch.score_regions(whole_maps(activations))

    def _penalty(self, images: Tensor) -> Tensor:
        """Return what is minimised in pixels, (N,): grain, and difference from the base."""
        down = (images[..., 1:, :] - images[..., :-1, :]).abs().mean((1, 2, 3))
        right = (images[..., 1:] - images[..., :-1]).abs().mean((1, 2, 3))
        penalty = self.settings.variation * (down + right)
        if self._base is not None and self.settings.fidelity:
            difference = (images - self._base).square().mean((1, 2, 3))
            penalty = penalty + self.settings.fidelity * _PERCENT * difference
        return penalty

"""The drawing of named things, from coarse to fine: Adam on the Fourier coefficients of images.

Large shapes settle first, because the spectrum is cut off at a frequency that grows; what is drawn
stays one thing, where a spectrum of full bandwidth gives parts that are scattered over a texture.
"""

from collections.abc import Sequence

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
        mask: N×1×H×W, how much each pixel may change; None for fully. It may be replaced between
            steps.
        settings: how the drawing proceeds.
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
        self.mask: Tensor | None = None
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
        self._adam = torch.optim.Adam([self._images.coefficients], lr=settings.learning_rate)
        self._statistics = None
        if settings.natural and (settings.requires_statistics or has_natural_statistics(network)):
            self._statistics = NaturalStatistics(network)
        self._step = 0

    def step(self) -> Tensor:
        """Take a step.

        Returns:
            The images after it, N×3×H×W RGB in [0, 1].
        """
        settings, done = self.settings, self._step / self.settings.steps
        with torch.enable_grad():
            images, _ = self._images.decode(settings.cutoff_at(done), self.mask)
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
        self._step += 1
        return self.images()

    def replace_objectives(self, objectives: Sequence[Objective]) -> None:
        """Go on with other objectives, one for each image."""
        spec = self._network.spec
        self._batch = Batch(tuple(separate_members(one, spec) for one in objectives))

    def images(self) -> Tensor:
        """Return the images so far, N×3×H×W RGB in [0, 1]."""
        cutoff = self.settings.cutoff_at(self._step / self.settings.steps)
        with torch.no_grad():
            return self._images.decode(cutoff, self.mask)[0]

    def select(self, numbers: Sequence[int]) -> None:
        """Go on with some images of the batch only."""
        state = self._adam.state[self._images.coefficients]
        self._images.select(numbers)
        self._batch = Batch(tuple(self._batch.objectives[number] for number in numbers))
        self._adam = torch.optim.Adam([self._images.coefficients], lr=self.settings.learning_rate)
        self._adam.state[self._images.coefficients] = {
            name: value[list(numbers)] if value.dim() else value for name, value in state.items()
        }
        if self.mask is not None and len(self.mask) > 1:
            self.mask = self.mask[list(numbers)]

    def _score(self, view: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores of what the network sees, (N,), and their gradient."""
        source = view.requires_grad_()
        if self._statistics is None:
            scores = self._objective_scores(source)
        else:
            with self._statistics.collect() as distances:
                scores = self._objective_scores(source)
            scores = scores - self.settings.natural * torch.stack(distances).sum(0)
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

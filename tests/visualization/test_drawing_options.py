"""What callers can replace in portraits: start, transform, parameterisation, optimiser."""

import pytest
import torch
from torch import nn

import puppyslug
from puppyslug.errors import PuppyslugError
from puppyslug.spectrum.fourier import FourierImages
from puppyslug.visualization.portraits import portrait_steps

SIZE = 24


def draw(network, steps=3, **options):
    return list(portrait_steps(["conv2:1"], network, size=SIZE, steps=steps, **options))


def start_image():
    ramp = torch.linspace(0.2, 0.8, SIZE)
    across = ramp.expand(SIZE, SIZE)
    return torch.stack([across, across.T, across.flip(1)])[None]


def test_a_portrait_starts_from_an_image(toy):
    first = draw(toy, start=start_image(), learning_rate=1e-4)[0].images
    other = draw(toy, learning_rate=1e-4)[0].images
    assert (first - start_image()).abs().mean() < 0.03 < (other - start_image()).abs().mean()


def test_coefficients_of_an_image_decode_to_it():
    for size in ((SIZE, SIZE), (18, 25)):
        image = torch.rand(1, 3, *size) * 0.9 + 0.05
        images = FourierImages(2, size, torch.Generator().manual_seed(0))
        with torch.no_grad():
            images.coefficients.zero_()
        images.encode(image)
        assert torch.allclose(images.decode()[0], image.expand(2, -1, -1, -1), atol=1e-4)


def test_the_transform_replaces_shift_rotation_and_scaling(toy):
    seen = []

    def transform(images, generator):
        seen.append(float(generator.uniform()))
        return images.flip(3)

    last = draw(toy, steps=4, transform=transform)[-1]
    assert len(set(seen)) == 4
    assert last.scores > draw(toy, steps=4, transform=transform)[0].scores


def test_the_learning_rate_and_the_decay_set_how_fast_and_how_smooth(toy):
    slow, fast = (draw(toy, learning_rate=rate) for rate in (0.001, 0.1))
    moved = [(one[-1].images - one[0].images).abs().mean() for one in (slow, fast)]
    assert moved[0] * 10 < moved[1]
    smooth, fine = (draw(toy, decay=decay)[-1].images for decay in (2.0, 0.8))
    slopes = [one.diff(dim=3).abs().mean() / one.std() for one in (smooth, fine)]
    assert slopes[0] < slopes[1]


class Pixels:
    """Pixels as parameters."""

    def __init__(self, count, size, generator):
        self.parameters = [torch.randn(count, 3, *size, generator=generator).requires_grad_()]

    def decode(self):
        return self.parameters[0].sigmoid(), None


def test_parameterisation_and_optimiser_are_the_callers(toy):
    steps = draw(
        toy, parameterisation=Pixels, optimiser=lambda them: torch.optim.SGD(them, lr=0.1), steps=6
    )
    noise = torch.randn(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)).sigmoid()
    assert (steps[0].images - noise).abs().max() < 0.1
    assert steps[-1].scores > steps[0].scores


def test_portraits_with_options_are_saved_without_a_recipe(tmp_path):
    own = puppyslug.Network.from_module(nn.Conv2d(3, 4, 3), trained_at=32)
    portrait = puppyslug.portrait("output:1", own, size=SIZE, steps=2, start=start_image())
    portrait.save(tmp_path / "a.png")
    with pytest.raises(PuppyslugError, match="recipe"):
        puppyslug.redo(tmp_path / "a.png", network=own)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"start": torch.zeros(1, 3, 8, 8)}, r"8×8.*24×24"),
        ({"start": "a.png"}, "start"),
        ({"transform": 3}, "transform is a function"),
        ({"learning_rate": -1}, "learning_rate is -1"),
        ({"parameterisation": Pixels, "decay": 2}, "leave those out"),
        ({"optimizer": None}, "'optimizer'.*optimiser"),
    ],
)
def test_options_that_cannot_be_are_refused(toy, options, named):
    with pytest.raises(PuppyslugError, match=named):
        draw(toy, **options)

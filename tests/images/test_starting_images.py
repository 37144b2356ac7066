import pytest
import torch
from torch.nn.functional import avg_pool2d

from puppyslug.images import generate_clouds, generate_noise

generators = pytest.mark.parametrize("generate", [generate_noise, generate_clouds])


@generators
@pytest.mark.parametrize("size", [(1, 1), (3, 700), (90, 160), (160, 90)])
def test_generated_images_are_in_range_and_reproducible(generate, size):
    image = generate(size, seed=4)
    assert image.shape == (1, 3, *size)
    assert image.dtype == torch.float32
    assert image.min() >= 0
    assert image.max() <= 1
    assert torch.equal(image, generate(size, seed=4))


@generators
def test_another_seed_gives_another_image(generate):
    assert not torch.equal(generate((90, 160), seed=4), generate((90, 160), seed=5))


@generators
def test_a_seed_gives_the_same_picture_at_any_size(generate):
    small, large = generate((90, 160), seed=1), avg_pool2d(generate((360, 640), seed=1), 4)
    other = avg_pool2d(generate((360, 640), seed=2), 4)
    assert torch.corrcoef(torch.stack([small.flatten(), large.flatten()]))[0, 1] > 0.9
    assert (small - large).abs().mean() < 0.3 * (small - other).abs().mean()

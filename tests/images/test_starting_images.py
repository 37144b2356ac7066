import pytest
import torch
from torch.nn.functional import avg_pool2d

from puppyslug.images import clouds, noise


@pytest.mark.parametrize("start", [noise, clouds])
@pytest.mark.parametrize("size", [(1, 1), (3, 700), (90, 160), (160, 90)])
def test_starts_are_pictures(start, size):
    image = start(size, seed=4)
    assert image.shape == (1, 3, *size)
    assert image.dtype == torch.float32
    assert image.min() >= 0 and image.max() <= 1
    assert torch.equal(image, start(size, seed=4))
    assert size == (1, 1) or not torch.equal(image, start(size, seed=5))


@pytest.mark.parametrize("start", [noise, clouds])
def test_a_start_is_the_same_picture_at_any_size(start):
    small, large = start((90, 160), seed=1), avg_pool2d(start((360, 640), seed=1), 4)
    other = avg_pool2d(start((360, 640), seed=2), 4)
    assert torch.corrcoef(torch.stack([small.flatten(), large.flatten()]))[0, 1] > 0.9
    assert (small - large).abs().mean() < 0.3 * (small - other).abs().mean()

import numpy as np
import pytest
import scipy.ndimage as nd
import torch

from puppyslug.images import resize


@pytest.mark.parametrize("size", [(20, 31), (7, 9), (40, 13)])
def test_resize_equals_the_notebooks_zoom(size):
    image = torch.rand(1, 3, 13, 17, generator=torch.Generator().manual_seed(2))
    factors = (1, size[0] / 13, size[1] / 17)
    expected = nd.zoom(image[0].numpy(), factors, order=1)
    assert np.allclose(resize(image, size)[0].numpy(), expected, atol=1e-5)


def test_an_image_of_the_right_size_is_returned_as_it_is():
    image = torch.rand(1, 3, 4, 5)
    assert resize(image, (4, 5)) is image

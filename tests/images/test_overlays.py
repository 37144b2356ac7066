import numpy as np
import torch

from puppyslug.images.overlays import draw_heat_map


def test_hot_pixels_stay_coloured_and_cold_ones_become_dark_grey():
    image = torch.zeros(1, 3, 4, 6)
    image[:, 0] = 0.8
    heat = torch.zeros(1, 1, 4, 6)
    heat[..., :3] = 1
    pixels = np.asarray(draw_heat_map(image, heat)).astype(int)
    assert pixels.shape == (4, 6, 3)
    hot, cold = pixels[:, :3], pixels[:, 3:]
    assert (np.ptp(cold, axis=-1) <= 1).all()
    assert cold.max() < 128
    assert (hot[..., 0] > hot[..., 2] + 50).all()
    assert hot.sum() > cold.sum()

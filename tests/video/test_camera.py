"""Camera motion: direction, size, and what hundreds of repetitions preserve."""

import numpy as np
import torch

from puppyslug.recipe import Recipe
from puppyslug.video.camera import apply_camera_motion
from support.films import moving_scene


def photo(size=(120, 160)):
    return torch.from_numpy(moving_scene(1, size=size)[0] / np.float32(255)).permute(2, 0, 1)[None]


def test_no_motion_returns_the_same_tensor():
    image = photo()
    assert apply_camera_motion(image, Recipe()) is image


def test_pans_are_percent_of_the_size():
    image = photo()
    right = apply_camera_motion(image, Recipe(pan_x=10.0))
    assert torch.allclose(right[..., 16:], image[..., :-16], atol=1e-4)
    up = apply_camera_motion(image, Recipe(pan_y=-10.0))
    assert torch.allclose(up[..., :-12, :], image[..., 12:, :], atol=1e-4)


def test_rotation_is_counter_clockwise():
    image = photo((101, 101))
    rotated = apply_camera_motion(image, Recipe(rotate=90.0))
    assert torch.allclose(rotated, image.rot90(1, (2, 3)), atol=1e-3)


def test_zoom_enlarges_the_centre():
    image = photo()
    zoomed = apply_camera_motion(image, Recipe(zoom=2.0))
    expected = torch.nn.functional.interpolate(
        image[..., 30:90, 40:120], scale_factor=2, mode="bicubic"
    )
    assert (zoomed - expected)[..., 4:-4, 4:-4].abs().mean() < 0.02


def test_hundreds_of_motions_preserve_sharpness_and_brightness():
    """A full turn in 120 steps, and 160 pans there and back, compared with the picture itself."""
    image = photo((101, 101))
    rows, columns = np.mgrid[-50:51, -50:51]
    disc = torch.from_numpy(np.hypot(rows, columns) < 40)
    turned = image
    for _ in range(120):
        turned = apply_camera_motion(turned, Recipe(rotate=3.0))
    panned = image
    for _ in range(80):
        panned = apply_camera_motion(panned, Recipe(pan_x=0.3, pan_y=0.2))
        panned = apply_camera_motion(panned, Recipe(pan_x=-0.3, pan_y=-0.2))
    for result in (turned, panned):
        error = (result - image)[..., disc]
        assert error.square().mean() < 0.02 * image[..., disc].var()
        assert abs(float(error.mean())) < 0.001
        sharpness = [float(p.diff(dim=-1).abs().mean()) for p in (result, image)]
        assert 0.5 < sharpness[0] / sharpness[1] < 1.1

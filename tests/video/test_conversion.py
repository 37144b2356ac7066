"""Conversion of decoded frames: display matrices, pixel shapes, borders, transparency."""

from fractions import Fraction

import av
import numpy as np
import pytest

from puppyslug.video.conversion import Picture, fit, orient
from puppyslug.video.reader import probe_video, read_frames
from support.films import encode_video, moving_scene

# a, b, c, d of a display matrix, and what it does to the picture
MATRICES = {
    (1, 0, 0, 1): lambda p: p,
    (-1, 0, 0, 1): np.fliplr,
    (1, 0, 0, -1): np.flipud,
    (-1, 0, 0, -1): lambda p: np.rot90(p, 2),
    (0, 1, -1, 0): lambda p: np.rot90(p, -1),
    (0, -1, 1, 0): lambda p: np.rot90(p, 1),
    (0, 1, 1, 0): lambda p: p.swapaxes(0, 1),
    (0, -1, -1, 0): lambda p: np.rot90(p, 2).swapaxes(0, 1),
}


@pytest.mark.parametrize("matrix", MATRICES)
def test_display_matrices_are_applied(matrix):
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(orient(picture, matrix), MATRICES[matrix](picture))
    assert np.array_equal(orient(picture[..., 0], matrix), MATRICES[matrix](picture[..., 0]))
    a, b, c, d = matrix  # compare with the definition: p' = a·p + c·q, q' = b·p + d·q
    rows, columns = np.mgrid[:2, :4]
    new_columns, new_rows = a * columns + c * rows, b * columns + d * rows
    moved = orient(picture, matrix)
    assert np.array_equal(
        moved[new_rows - new_rows.min(), new_columns - new_columns.min()], picture
    )


def write(path, matrix=(1, 0, 0, 1), aspect=1):
    (picture,) = moving_scene(1, size=(64, 96))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.options = {"crf": "1"}
        stream.codec_context.sample_aspect_ratio = aspect
        a, b, c, d = matrix
        stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1])
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("matrix", MATRICES)
def test_films_are_read_as_players_show_them(tmp_path, matrix):
    plain = next(iter(read_frames(write(tmp_path / "a.mp4")))).pixels
    path = write(tmp_path / "b.mp4", matrix)
    shown = next(iter(read_frames(path))).pixels
    assert np.array_equal(shown, MATRICES[matrix](plain))
    assert probe_video(path).size == shown.shape[:2]


@pytest.mark.parametrize(
    ("aspect", "size"),
    [(2, (64, 192)), (Fraction(4, 3), (64, 128)), (Fraction(1, 2), (128, 96)), (0, (64, 96))],
)
def test_pixels_are_made_square(tmp_path, aspect, size):
    path = write(tmp_path / "a.mp4", aspect=aspect)
    assert next(iter(read_frames(path))).pixels.shape[:2] == size
    assert probe_video(path).size == size
    turned = write(tmp_path / "b.mp4", (0, 1, -1, 0), aspect)
    assert next(iter(read_frames(turned))).pixels.shape[:2] == size[::-1]


def test_an_implausible_pixel_shape_is_ignored_with_a_notice(tmp_path):
    info = probe_video(write(tmp_path / "a.mp4", aspect=20))
    assert info.size == (64, 96)
    assert "20:1" in info.notices[0]


def test_a_picture_is_fitted_with_borders():
    pixels = np.full((10, 40, 3), 200, np.uint8)
    fitted = fit(Picture(pixels, pixels[..., 0]), (20, 20))
    assert fitted.pixels.shape == (20, 20, 3)
    filled = fitted.pixels[..., 0] > 0
    assert filled[8:12].all() and filled[:, 0].sum() == 5
    assert np.array_equal(fitted.alpha > 0, filled)


def test_frames_of_another_size_keep_their_shape(tmp_path):
    first = encode_video(
        tmp_path / "a.mjpeg", moving_scene(3, size=(64, 96)), codec="mjpeg", pix_fmt="yuvj420p"
    )
    other = encode_video(
        tmp_path / "b.mjpeg",
        [np.full((96, 64, 3), 200, np.uint8)] * 2,
        codec="mjpeg",
        pix_fmt="yuvj420p",
    )
    (tmp_path / "c.mjpeg").write_bytes(first.read_bytes() + other.read_bytes())
    notices = []
    frames = [frame.pixels for frame in read_frames(tmp_path / "c.mjpeg", notices)]
    assert [frame.shape for frame in frames] == [(64, 96, 3)] * 5
    assert frames[-1][:, :20].max() < 20 and frames[-1][:, -20:].max() < 20
    assert frames[-1][2:-2, 30:66].min() > 180
    assert notices == ["2 frames of another size fitted into 96×64 with borders"]

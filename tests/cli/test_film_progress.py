"""Progress of a film."""

import numpy as np
import pytest
from PIL import Image

from puppyslug.cli.film_progress import FilmProgress
from puppyslug.errors import OutputError

BLACK, WHITE = (np.full((4, 6, 3), value, np.uint8) for value in (0, 255))


def test_frames_are_counted_and_the_latest_one_is_an_image(tmp_path):
    latest = tmp_path / "latest.png"
    with FilmProgress(tmp_path / "z.mp4", latest, 10, 3, quiet=True) as progress:
        progress.add_frame(BLACK)
        progress.add_frame(WHITE)
    assert progress.done == 5
    with Image.open(latest) as image:
        assert image.size == (6, 4)
        assert image.getextrema() == ((255, 255),) * 3
    assert list(tmp_path.iterdir()) == [latest]


def test_an_image_that_cannot_be_written_is_an_error_with_its_path(tmp_path):
    latest = tmp_path / "missing" / "latest.png"
    progress = FilmProgress(tmp_path / "z.mp4", latest, 10, 0, quiet=True)
    with pytest.raises(OutputError, match=r"latest\.png"):
        progress.add_frame(BLACK)

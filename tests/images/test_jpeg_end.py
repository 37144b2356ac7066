import io

import numpy as np
import pytest
from PIL import Image

from puppyslug.errors import ImageError
from puppyslug.images import load_image


def jpeg(**options):
    rng = np.random.default_rng(2)
    smooth = Image.fromarray(rng.integers(0, 255, (6, 9, 3), np.uint8)).resize((93, 61))
    file = io.BytesIO()
    smooth.save(file, "JPEG", quality=90, **options)
    return file.getvalue()


KINDS = [
    {},
    {"progressive": True},
    {"optimize": True},
    {"subsampling": 0},
    {"restart_marker_rows": 1},
]


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("cut", [1, 2])
def test_a_jpeg_that_lacks_its_end_is_read_with_a_notice(tmp_path, options, cut):
    data = jpeg(**options)
    (tmp_path / "a.jpg").write_bytes(data[:-cut])
    (tmp_path / "b.jpg").write_bytes(data)
    loaded, whole = load_image(tmp_path / "a.jpg"), load_image(tmp_path / "b.jpg")
    assert (loaded.image == whole.image).all()
    assert "a.jpg" in loaded.notices[0]
    assert not whole.notices


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("cut", [12, 40, 500, 1000])
def test_a_jpeg_that_lacks_pixels_is_refused(tmp_path, options, cut):
    (tmp_path / "a.jpg").write_bytes(jpeg(**options)[:-cut])
    with pytest.raises(ImageError, match=r"a\.jpg is damaged or truncated"):
        load_image(tmp_path / "a.jpg")


def test_a_progressive_jpeg_that_lacks_a_scan_is_refused(tmp_path):
    data = jpeg(progressive=True)
    (tmp_path / "a.jpg").write_bytes(data[: data.rindex(b"\xff\xda")])
    with pytest.raises(ImageError, match=r"a\.jpg"):
        load_image(tmp_path / "a.jpg")


def test_a_short_jpeg_that_claims_to_be_huge_is_refused(tmp_path):
    data = jpeg()
    start = data.index(b"\xff\xc0") + 5
    huge = data[:start] + (12_000).to_bytes(2, "big") * 2 + data[start + 4 :]
    (tmp_path / "a.jpg").write_bytes(huge)
    with pytest.raises(ImageError, match=r"a\.jpg is damaged or truncated .*144 megapixels"):
        load_image(tmp_path / "a.jpg")

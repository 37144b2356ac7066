"""The page of an atlas, in a real browser: its portraits are visible, however large the file is."""

import io

import numpy as np
import pytest
from PIL import Image

from puppyslug.visualization.atlas import Atlas
from puppyslug.visualization.atlas.atlas import PORTRAITS_FILE
from puppyslug.visualization.atlas.export import save_page
from support.atlases import build_toy_atlas
from support.browsers import launch_browser


@pytest.fixture(scope="module")
def browser():
    with launch_browser() as browser:
        yield browser


def replace_portraits(folder, size):
    """Store noise of six strengths, one for each portrait, in a file of more than 2 MB."""
    noise = np.random.default_rng(0).integers(0, 256, (2 * size, 3 * size, 3), np.uint8)
    levels = np.repeat(np.repeat(np.array([[0, 1, 2], [3, 4, 5]]), size, 0), size, 1)[..., None]
    grid = Image.fromarray((noise * (levels + 1) // 6).astype(np.uint8))
    grid.save(folder / PORTRAITS_FILE, lossless=True)
    assert (folder / PORTRAITS_FILE).stat().st_size > 2_000_000


def test_portraits_are_visible_whatever_the_size_of_their_file(tmp_path, toy, browser):
    atlas = build_toy_atlas(tmp_path / "atlas", toy)
    columns = Atlas(atlas.folder).index.columns
    assert columns == 3
    replace_portraits(atlas.folder, 512)
    save_page(Atlas(atlas.folder), tmp_path / "page.html")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.evaluate(
        """async () => {
            const style = getComputedStyle(document.querySelector("#grid .portrait"));
            const image = new Image();
            image.src = style.backgroundImage.replace(/^url\\("(.*)"\\)$/, "$1");
            await image.decode().catch(() => {});
        }"""
    )
    means = []
    for number in range(6):
        shot = page.locator("#grid .portrait").nth(number).screenshot()
        with Image.open(io.BytesIO(shot)) as picture:
            means.append(np.asarray(picture.convert("L"), dtype=float)[8:-8, 8:-8].mean())
    page.close()
    expected = [127.5 * (level + 1) / 6 for level in range(6)]
    assert means == pytest.approx(expected, abs=6)

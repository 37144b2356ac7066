"""Exports of an atlas: the page is self-contained and safe, the sheet mixes atlases."""

import json
import re

from PIL import Image

from puppyslug.visualization.atlas import Atlas
from puppyslug.visualization.atlas.export import save_page, save_sheet
from puppyslug.visualization.atlas.index import INDEX_FILE
from support.atlases import build_toy_atlas


def page_data(text):
    return json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text)[1])


def test_the_page_needs_no_other_file(tmp_path, toy):
    atlas = build_toy_atlas(tmp_path / "atlas", toy)
    text = (atlas.folder / "index.html").read_text()
    assert not re.search(r"(?:src|href)\s*=|https?://|@import", text)
    assert [entry["number"] for entry in page_data(text)["entries"]] == list(range(6))
    assert "puppyslug dream PHOTO.jpg --network toy --layer relu2 --channel 3" in text


def test_the_page_can_be_searched_by_groups(tmp_path, toy):
    atlas = build_toy_atlas(tmp_path / "atlas", toy)
    groups = page_data((atlas.folder / "index.html").read_text())["groups"]
    assert "fish" in groups["goldfish"]


def test_names_are_escaped_in_the_page(tmp_path, toy):
    script = "</script><script>alert(1)</script>"
    folder = build_toy_atlas(tmp_path / "atlas", toy).folder
    document = json.loads((folder / INDEX_FILE).read_text())
    document["entries"][0]["name"] = document["network"] = script
    (folder / INDEX_FILE).write_text(json.dumps(document))
    save_page(Atlas(folder), tmp_path / "page.html")
    assert "<script>alert" not in (tmp_path / "page.html").read_text()


def test_a_sheet_can_mix_atlases_of_different_sizes(tmp_path, toy):
    small, large = (build_toy_atlas(tmp_path / str(n), toy, size=n) for n in (32, 48))
    save_sheet([(small, small.entry(0)), (large, large.entry(5))], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 2 * 48

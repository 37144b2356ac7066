"""What the network sees in a picture, on the page."""

import io

from playwright.sync_api import expect

from support.studios import shape_picture

RECIPE = {"layer": "relu1_1", "octaves": 1, "iterations": 1, "size": "96"}


def open_panel(page):
    page.evaluate("document.getElementById('seen').open = true")


def test_bars_before_and_after_and_a_map_by_a_click(page, studio):
    job = studio.dream(RECIPE, photo=("discs.png", shape_picture("discs", 1)))
    studio.wait(job, "done")
    page.goto(f"{studio.address}#{job}")
    open_panel(page)
    for part in ("before", "after"):
        bars = page.locator(f"#seen-{part} li")
        expect(bars).to_have_count(5)
        seen = studio.client.get(f"/api/dreams/{job}/seen", params={"picture": part}).json()
        expect(bars.first).to_contain_text(seen["classes"][0]["name"])
    first = page.locator("#seen-after button").first
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    heat = page.locator("#heat")
    expect(heat).to_be_visible()
    boxes = [page.locator(name).bounding_box() for name in ("#heat", "#after")]
    assert boxes[0] == boxes[1]
    page.keyboard.press("Escape")
    expect(heat).to_be_hidden()
    expect(first).to_have_attribute("aria-pressed", "false")


def test_a_photo_is_looked_at_before_it_is_dreamt_of(page):
    open_panel(page)
    photo = io.BytesIO(shape_picture("stripes", 2)).getvalue()
    page.set_input_files("#file", {"name": "s.png", "mimeType": "image/png", "buffer": photo})
    expect(page.locator("#seen-before li")).to_have_count(5)
    expect(page.locator("#seen-after-part")).to_be_hidden()
    expect(page.locator("#seen-before button")).to_have_count(0)

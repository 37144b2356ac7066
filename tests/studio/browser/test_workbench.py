"""Tools of the page: several photos, undo, selection, zoom, keys."""

import io
import zipfile

import pytest
from playwright.sync_api import expect

from support.browsers import MAX_SHIFT, OBSERVE_SHIFTS, choose_photo, fill_advanced, find_shifts
from support.studios import random_picture

RECIPE = {"layer": "relu1_1", "octaves": 1, "iterations": 1, "size": "64"}


def test_several_photos_are_dreamt_with_the_same_settings(page, studio):
    files = [
        {"name": f"{n}.png", "mimeType": "image/png", "buffer": random_picture((96, 64), seed=n)}
        for n in range(3)
    ]
    page.set_input_files("#file", files)
    expect(page.locator("#starts-from-name")).to_have_text("0.png and 2 more")
    page.locator(".tabs").get_by_text("Layer", exact=True).click()
    page.select_option("#any-layer", "relu1_1")
    page.fill("#size", "64")
    fill_advanced(page, octaves=1, iterations=1)
    page.click("#submit-button")
    expect(page.locator("#done")).to_be_visible()
    dreams = studio.client.get("/api/dreams", params={"limit": 3}).json()
    assert {dream["title"] for dream in dreams} == {"0.png", "1.png", "2.png"}
    assert {dream["recipe"]["objective"] for dream in dreams} == {"relu1_1"}


def paint(page, x, y):
    box = page.locator("#brush").bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.mouse.down()
    page.mouse.up()


def painted(page):
    return page.locator("#brush").evaluate(
        "it => it.getContext('2d').getImageData(0, 0, it.width, it.height)"
        ".data.filter((value, index) => index % 4 === 3 && value > 0).length"
    )


def test_strokes_are_undone_and_redone(page):
    choose_photo(page)
    page.click("#paint")
    counts = [painted(page)]
    for x in (0.25, 0.75):
        paint(page, x, 0.5)
        counts.append(painted(page))
    assert counts == sorted(set(counts))
    page.click("#undo")
    assert painted(page) == counts[1]
    page.keyboard.press("Control+z")
    assert painted(page) == 0
    expect(page.locator("#undo")).to_be_disabled()
    page.keyboard.press("Control+Shift+z")
    assert painted(page) == counts[1]
    page.click("#clear-mask")
    page.click("#undo")
    assert painted(page) == counts[1]


def test_selected_dreams_are_downloaded_and_deleted(page, studio):
    jobs = [studio.dream({**RECIPE, "photo": "clouds", "size": "64x48"}) for _ in range(2)]
    for job in jobs:
        studio.wait(job, "done")
    page.click("#select")
    for job in jobs:
        page.locator(f'#dreams li[data-id="{job}"] button').click()
    with page.expect_download() as download:
        page.click("#select-download")
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert len(archive.namelist()) == 2
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#select-delete")
    for job in jobs:
        expect(page.locator(f'#dreams li[data-id="{job}"]')).to_have_count(0)
    assert not set(jobs) & set(studio.files())


def test_keys_are_listed_and_do_nothing_while_typing(page):
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("#search").focus()
    page.keyboard.type("?d")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#error")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_nothing_overflows_and_the_page_is_light(browser, studio, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    sizes = []
    page.on(
        "response",
        lambda response: response.url.endswith((".js", ".css", "/")) and sizes.append(response),
    )
    page.goto(studio.address)
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    total = sum(len(response.body()) for response in sizes)
    assert 20_000 < total <= 300_000
    context.close()


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_nothing_jumps_when_the_page_opens_and_while_a_dream_runs(browser, studio, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_init_script(OBSERVE_SHIFTS)
    context.add_init_script("localStorage.setItem('puppyslug-seen-closed', 'yes')")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(studio.address)
    expect(page.locator("#dreams li, #no-dreams:visible").first).to_be_visible()
    total, moved = find_shifts(page)
    assert total <= MAX_SHIFT, moved
    page.click("[data-sample=hills]")
    expect(page.locator("#source-tools")).to_be_visible()
    page.fill("#size", "64")
    fill_advanced(page, octaves=1, iterations=1)
    page.evaluate("document.getElementById('stage').scrollIntoView(); window.shifts = []")
    page.locator("#submit-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#done")).to_be_visible()
    total, moved = find_shifts(page)
    assert total <= MAX_SHIFT, moved
    context.close()

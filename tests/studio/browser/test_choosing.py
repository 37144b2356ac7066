"""Choosing by eye: sample pictures, looks tried on the picture itself, variations side by side."""

import pytest
from playwright.sync_api import expect

from support.browsers import choose_photo, fill_advanced


def jobs_of(studio, page):
    """Return the trials on the page's comparison."""
    return [
        studio.get(tile.get_attribute("data-id")) for tile in page.locator("#tiles figure").all()
    ]


def cancel_all(studio, ids):
    for job in ids:
        studio.command(job, "cancel")


@pytest.mark.parametrize("name", ["hills", "pebbles", "sea"])
def test_a_sample_picture_is_chosen_by_a_click(page, name):
    page.click(f"[data-sample={name}]")
    expect(page.locator("#starts-from-name")).to_have_text(f"{name}.webp")
    assert page.locator("#after").evaluate("it => it.decode().then(() => it.naturalWidth)") == 720


def test_there_are_at_least_twelve_looks_with_pictures(page, studio):
    looks = page.evaluate("JSON.parse(document.getElementById('choices').textContent).looks")
    assert len(looks) >= 12
    for look in looks:
        picture = studio.client.get(f"/static/pictures/{look['picture']}.webp")
        assert picture.status_code == 200, look


def test_looks_are_tried_on_the_picture_and_return_when_it_changes(page, studio):
    choose_photo(page)
    page.click("#try-looks")
    first = page.locator("input[value=classic] + img")
    page.wait_for_function(
        "() => document.querySelector('input[value=classic] + img').src.includes('/image')"
    )
    queue = studio.client.get("/api/dreams").json()
    assert not any(dream["trial"] for dream in queue)
    assert page.locator("#dreams li").count() == len(queue[:24])
    page.get_by_text("Another picture").click()
    page.get_by_text("Start from clouds").click()
    expect(first).to_have_attribute("src", "/static/pictures/preset-classic.webp")


def test_a_variation_is_chosen_and_dreamt_large(page, studio):
    choose_photo(page, size="128")
    page.locator(".tabs").get_by_text("Layer", exact=True).click()
    page.select_option("#any-layer", "relu1_1")
    fill_advanced(page, octaves=1, iterations=1)
    page.click("[data-vary=seeds]")
    tiles = page.locator("#tiles figure")
    expect(tiles).to_have_count(9)
    assert [tile.locator("b").inner_text() for tile in tiles.all()] == [
        f"Seed {n}" for n in range(1, 10)
    ]
    trials = jobs_of(studio, page)
    assert {job["recipe"]["seed"] for job in trials} == set(range(1, 10))
    assert all(job["trial"] for job in trials)
    tiles.nth(4).get_by_role("button").click()
    expect(page.locator("#seed")).to_have_value("5")
    expect(page.locator("#size")).to_have_value("128")
    cancel_all(studio, [job["id"] for job in trials])
    page.click("#submit-button")
    expect(page.locator("#done")).to_be_visible()
    dream = studio.get(page.url.rpartition("#")[2])
    assert (dream["recipe"]["seed"], dream["trial"]) == (5, False)

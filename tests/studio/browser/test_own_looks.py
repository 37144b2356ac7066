"""Looks of one's own: saved at a dream, among the looks, dreamt with, renamed and deleted."""

import pytest
from playwright.sync_api import expect

from support.browsers import DEVICES, check_accessibility, choose_photo, open_page, start_dream

LOOKS = "[data-own-look]"


@pytest.fixture(autouse=True)
def no_looks(studio):
    """Delete the looks of a test after it."""
    yield
    for look in studio.client.get("/api/looks").json():
        studio.client.delete(f"/api/looks/{look['id']}")


def save_look(page, name):
    page.click("#save-look")
    expect(page.locator("#look-name")).to_be_focused()
    page.fill("#look-name", name)
    page.keyboard.press("Enter")
    expect(page.locator(LOOKS).filter(has_text=name)).to_have_count(1)


def dream_id(page):
    return page.url.rpartition("#")[2]


def test_a_look_is_saved_and_dreamt_with_after_a_reload(page, studio):
    choose_photo(page)
    start_dream(page, iterations=2, jitter=3)
    expect(page.locator("#done")).to_be_visible()
    first = studio.get(dream_id(page))
    save_look(page, "Fine lines")
    page.goto(studio.address)
    choose_photo(page, name="other.png")
    picture = page.locator(f"{LOOKS} img")
    assert picture.evaluate("it => it.decode().then(() => it.naturalWidth)") > 0
    page.locator(LOOKS).click()
    expect(page.locator("#iterations")).to_have_attribute("placeholder", "2")
    page.evaluate("document.getElementById('advanced').open = true")
    page.fill("#jitter", "4")  # what the user sets precedes the look
    page.click("#submit-button")
    expect(page.locator("#done")).to_be_visible()
    recipe = studio.get(dream_id(page))["recipe"]
    differs = {name for name in recipe if recipe[name] != first["recipe"][name]}
    assert differs == {"photo", "jitter"}
    page.goto(studio.address)
    page.locator(f'#dreams li[data-id="{first["id"]}"] button').click()
    expect(page.locator("#facts")).to_contain_text("Fine lines")


def test_a_look_is_renamed_and_deleted_by_keyboard(page):
    page.get_by_text("Start from clouds").click()
    page.fill("#size", "96")
    start_dream(page, iterations=2)
    expect(page.locator("#done")).to_be_visible()
    save_look(page, "Name")
    page.locator(".tabs").get_by_text("Look", exact=True).click()
    expect(page.locator("#look-tools")).to_be_hidden()
    page.locator(f"{LOOKS} input").focus()
    page.keyboard.press("Space")
    page.locator("#look-rename").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Another name")
    page.keyboard.press("Enter")
    expect(page.locator(f"{LOOKS} b")).to_have_text("Another name")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#look-delete").focus()
    page.keyboard.press("Enter")
    expect(page.locator(LOOKS)).to_have_count(0)
    expect(page.locator("#look-tools")).to_be_hidden()
    expect(page.locator("input[value=classic]")).to_be_focused()


def test_switches_of_a_look_are_shown_and_leave_with_it(page, studio):
    recipe = {"layer": "relu1_1", "octaves": 1, "iterations": 1, "photo": "clouds", "size": "64x48"}
    job = studio.dream({**recipe, "keep_colours": True, "mask": "not bright"})
    studio.wait(job, "done")
    studio.client.post("/api/looks", json={"dream": job, "name": "Colours"}).raise_for_status()
    page.reload()
    page.evaluate("document.getElementById('advanced').open = true")
    page.locator(LOOKS).click()
    expect(page.locator("#keep_colours")).to_be_checked()
    expect(page.locator("#mask")).to_have_value("not bright")
    page.locator("label", has=page.locator("input[value=eyes]")).click()
    expect(page.locator("#keep_colours")).not_to_be_checked()
    expect(page.locator("#mask")).to_have_value("")


@pytest.mark.parametrize("device", DEVICES)
def test_own_looks_are_accessible(browser, studio, device):
    recipe = {"layer": "relu1_1", "octaves": 1, "iterations": 1, "photo": "clouds", "size": "64x48"}
    job = studio.dream(recipe)
    studio.wait(job, "done")
    studio.client.post("/api/looks", json={"dream": job, "name": "M" * 40}).raise_for_status()
    page = open_page(browser, f"{studio.address}#{job}", device)
    page.click("#save-look")
    check_accessibility(page, "dialog")
    page.keyboard.press("Escape")
    page.locator(".tabs").get_by_text("Look", exact=True).click()
    page.locator(LOOKS).click()
    expect(page.locator("#look-tools")).to_be_visible()
    check_accessibility(page, "chosen")
    page.context.close()

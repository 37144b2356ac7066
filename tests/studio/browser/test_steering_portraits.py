"""Steering a running dream by the portraits of channels."""

import time

import pytest
from playwright.sync_api import expect

from support.browsers import DEVICES, check_accessibility, choose_photo, open_page, start_dream

PORTRAITS = "#steer-atlas .portraits button"


def open_portraits(page):
    page.click("#steer-atlas summary")
    expect(page.locator(PORTRAITS).first).to_be_visible()


def test_a_running_dream_is_steered_by_a_portrait(page, studio):
    choose_photo(page)
    start_dream(page)
    open_portraits(page)
    expect(page.locator("#steer-atlas h3")).to_have_count(2)  # the layers that have an atlas
    page.fill("#steer-words", "dog")
    query = {"network": "vgg19", "layer": "relu4_4", "q": "dog"}
    dogs = studio.client.get("/api/atlas", params=query).json()["entries"]
    found = page.locator(f"{PORTRAITS}[data-layer=relu4_4]")
    expect(found).to_have_count(len(dogs))
    found.first.focus()
    page.keyboard.press("Enter")
    expect(found.first).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#steer-channel")).to_have_text(f"Chosen: {dogs[0]['title']}")
    page.click("#steer-button")
    expect(page.locator("#steer-now")).to_have_text(dogs[0]["title"])
    page.click("#stop")
    expect(page.locator("#done")).to_be_visible()
    schedule = studio.get(page.url.rpartition("#")[2])["recipe"]["schedule"]
    assert [change[3:5] for change in schedule] == [["objective", f"relu4_4:{dogs[0]['number']}"]]


def test_one_choice_replaces_another(page, studio):
    choose_photo(page)
    start_dream(page)
    open_portraits(page)
    page.locator("#steer-layers").get_by_text("relu5_2").click()
    expect(page.locator("#steer-atlas h3")).to_have_count(0)  # the chosen layer only
    portrait = page.locator(PORTRAITS).nth(3)
    expect(portrait).to_have_attribute("data-layer", "relu5_2")
    portrait.click()
    expect(page.locator("#steer-layers input:checked")).to_have_count(0)
    page.locator("#steer-layers").get_by_text("relu3_1").click()
    expect(page.locator(f"{PORTRAITS}[aria-pressed=true]")).to_have_count(0)
    expect(page.locator("#steer-channel")).to_be_empty()
    page.click("#cancel")


def step_sizes_of(studio, job):
    schedule = studio.get(job)["recipe"]["schedule"]
    return [change[4] for change in schedule if change[3] == "step_size"]


def wait_for_step_sizes(studio, job, last):
    """Wait until a dream has taken its changes."""
    deadline = time.monotonic() + 60
    while step_sizes_of(studio, job)[-1:] != [last]:
        assert time.monotonic() < deadline, studio.get(job)["recipe"]["schedule"]
        time.sleep(0.05)


def test_changes_of_a_running_dream_are_undone_and_redone(page, studio):
    choose_photo(page)
    start_dream(page)
    expect(page.locator("#steer-undo")).to_be_disabled()
    first = page.locator("#steer-now").inner_text()
    page.locator("#steer-layers").get_by_text("relu3_1").click()
    page.fill("#steer-step_size", "4")
    page.click("#steer-button")
    second = page.locator("#steer-now")
    expect(second).not_to_have_text(first)
    changed = second.inner_text()
    page.click("#steer-undo")
    expect(second).to_have_text(first)
    expect(page.locator("#steer-step_size")).to_have_attribute("placeholder", "1.5")
    expect(page.locator("#steer-undo")).to_be_disabled()
    page.locator("#steer-redo").focus()
    page.keyboard.press("Control+Shift+z")
    expect(second).to_have_text(changed)
    job = page.url.rpartition("#")[2]
    wait_for_step_sizes(studio, job, last=4)
    page.reload()  # the history is in the recipe
    expect(second).to_have_text(changed)
    page.click("#steer-undo")
    expect(second).to_have_text(first)
    page.click("#stop")
    expect(page.locator("#done")).to_be_visible()
    schedule = studio.get(job)["recipe"]["schedule"]
    objectives = [change[4] for change in schedule if change[3] == "objective"]
    assert "relu3_1" in objectives
    assert objectives[-1] == "relu1_1"
    assert 4 in step_sizes_of(studio, job)
    assert step_sizes_of(studio, job)[-1] == 1.5


@pytest.mark.parametrize("device", DEVICES)
def test_portraits_are_accessible(browser, studio, device):
    page = open_page(browser, studio.address, device)
    choose_photo(page)
    start_dream(page)
    open_portraits(page)
    page.fill("#steer-words", "bird")
    page.locator(PORTRAITS).first.click()
    check_accessibility(page, "portraits")
    page.click("#cancel")
    page.context.close()

"""Tags and favourites on the page: of one dream, of a selection, as filters of the gallery."""

import pytest
from playwright.sync_api import expect

from support.browsers import DEVICES, check_accessibility, open_page

RECIPE = {"layer": "relu1_1", "octaves": 1, "iterations": 1, "photo": "clouds", "size": "64x48"}


@pytest.fixture
def dreams(studio):
    """Three dreams that are done; nothing else is in the gallery afterwards."""
    jobs = [studio.dream(RECIPE) for _ in range(3)]
    for job in jobs:
        studio.wait(job, "done")
    yield jobs
    for job in jobs:
        studio.client.delete(f"/api/dreams/{job}")


def card(page, job):
    return page.locator(f'#dreams li[data-id="{job}"]')


def test_a_dream_is_tagged_and_found_by_the_tag(page, studio, dreams):
    card(page, dreams[0]).get_by_role("button").click()
    expect(page.locator("#done")).to_be_visible()
    page.fill("#tag", "holiday")
    page.keyboard.press("Enter")
    expect(page.locator("#tag-list li")).to_have_count(1)
    expect(page.locator("#tag")).to_have_value("")
    page.get_by_role("button", name="holiday (1)").click()
    expect(page.locator("#dreams li")).to_have_count(1)
    expect(card(page, dreams[0])).to_be_visible()
    page.get_by_role("button", name="Remove the tag holiday").click()
    expect(page.locator("#tag-list li")).to_have_count(0)
    # the tag is gone, and so is the filter by it
    expect(card(page, dreams[1])).to_be_visible()
    assert studio.get(dreams[0])["tags"] == []


def test_favourites_are_marked_and_listed(page, studio, dreams):
    card(page, dreams[1]).get_by_role("button").click()
    page.click("#favourite")
    expect(page.locator("#favourite")).to_have_attribute("aria-pressed", "true")
    expect(card(page, dreams[1]).locator(".star")).to_be_visible()
    label = card(page, dreams[1]).get_by_role("button").get_attribute("aria-label")
    assert label.endswith(", favourite")
    page.click("#filter-favourites")
    expect(page.locator("#dreams li")).to_have_count(1)
    page.click("#favourite")
    expect(page.locator("#no-dreams")).to_have_text("No dream matches.")
    page.click("#filter-favourites")
    expect(card(page, dreams[0])).to_be_visible()
    assert not studio.get(dreams[1])["favourite"]


def test_a_selection_is_tagged_and_starred(page, studio, dreams):
    page.click("#select")
    expect(page.locator("#select-tag-add")).to_be_disabled()
    for job in dreams[:2]:
        card(page, job).get_by_role("button").click()
    page.fill("#select-tag", "pair")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="pair (2)")).to_be_visible()
    page.click("#select-favourite")
    for job in dreams[:2]:
        expect(card(page, job).locator(".star")).to_be_visible()
    assert [studio.get(job)["tags"] for job in dreams] == [["pair"], ["pair"], []]
    assert [studio.get(job)["favourite"] for job in dreams] == [True, True, False]
    page.fill("#select-tag", "Pair")
    page.click("#select-tag-remove")
    expect(page.locator("#tag-filters button")).to_have_count(0)
    page.click("#select-favourite")
    for job in dreams[:2]:
        expect(card(page, job).locator(".star")).to_be_hidden()


@pytest.mark.parametrize("device", DEVICES)
def test_tags_are_accessible(browser, studio, dreams, device):
    body = {"dreams": dreams, "add": ["holiday", "M" * 30, "sea"], "favourite": True}
    studio.client.post("/api/tags", json=body).raise_for_status()
    page = open_page(browser, f"{studio.address}#{dreams[0]}", device)
    expect(page.locator("#tag-filters button")).to_have_count(3)
    page.click("#select")
    card(page, dreams[0]).get_by_role("button").click()
    page.click("#filter-favourites")
    check_accessibility(page, "tagged")
    page.context.close()

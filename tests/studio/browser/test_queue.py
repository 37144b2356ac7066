"""The queue on the page: expected times, moves by buttons, by keys and by dragging."""

import pytest
from playwright.sync_api import expect

from support.browsers import DEVICES, check_accessibility, open_page

QUICK = {"layer": "relu1_1", "octaves": 1, "iterations": 2, "photo": "clouds", "size": "64x48"}
LONG = {**QUICK, "iterations": 20_000, "size": "96x64"}
NAMES = "#queue-list b"


@pytest.fixture
def queued(studio):
    """A dream that runs, and three that wait for it."""
    running = studio.dream(LONG)
    studio.wait_for_step(running)
    waiting = [studio.dream(QUICK) for _ in range(3)]
    yield waiting
    for job in (*waiting, running):
        studio.command(job, "cancel")
        studio.wait(job)


def order(page):
    items = page.locator("#queue-list li")
    return [item.get_attribute("data-id") for item in items.all()]


def button(page, job, move):
    return page.locator(f'#queue-list button[data-id="{job}"][data-move={move}]')


def expect_order(page, *jobs):
    for number, job in enumerate(jobs):
        item = page.locator("#queue-list li").nth(number)
        expect(item).to_have_attribute("data-id", job)


def test_queued_dreams_are_moved_by_keyboard(page, studio, queued):
    one, two, three = queued
    expect(page.locator("#queue-count")).to_have_text("3 wait")
    page.locator("#queue summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#queue-list li")).to_have_count(3)
    assert order(page) == queued
    expect(button(page, one, "up")).to_be_disabled()
    expect(button(page, three, "down")).to_be_disabled()
    button(page, three, "up").focus()
    page.keyboard.press("Enter")
    expect_order(page, one, three, two)
    expect(button(page, three, "up")).to_be_focused()
    page.keyboard.press("Enter")
    expect_order(page, three, one, two)
    expect(button(page, three, "down")).to_be_focused()  # the focus is not lost
    expect(page.locator("#status")).to_contain_text("is now number 1 in the queue")
    button(page, two, "first").click()
    expect_order(page, two, three, one)
    positions = [studio.get(job)["position"] for job in (two, three, one)]
    assert positions == [1, 2, 3]


def test_queued_dreams_are_moved_by_dragging(page, queued):
    one, two, three = queued
    page.click("#queue summary")
    expect(page.locator("#queue-list li")).to_have_count(3)
    item = '#queue-list li[data-id="{}"]'.format
    page.drag_and_drop(item(one), item(three))  # down: after it
    expect_order(page, two, three, one)
    page.drag_and_drop(item(one), item(two))  # up: before it
    expect_order(page, one, two, three)
    expect(page.locator("#stage.drag-over")).to_have_count(0)


def test_waiting_times_are_told_in_words(page, studio, queued):
    done = studio.dream(QUICK)  # the durations of others are estimated from it
    studio.client.post(f"/api/queue/{done}", json={"to": "first"}).raise_for_status()
    running = next(job for job in studio.client.get("/api/dreams").json() if job["progress"])
    page.click("#queue summary")
    expect(page.locator("#queue-list li")).to_have_count(4)
    page.locator(f'#dreams li[data-id="{queued[2]}"] button').click()
    expect(page.locator("#progress-text")).to_contain_text("3 jobs are before this one")
    expect(page.locator("#queue-list .muted").first).to_contain_text("starts in about")
    studio.command(running["id"], "cancel")
    studio.wait(done, "done")
    studio.wait(queued[2], "done")
    expect(page.locator("#queue-count")).to_have_text("nothing waits")
    expect(page.locator("#queue-empty")).to_be_visible()
    expect(page.locator("#done")).to_be_visible()


@pytest.mark.parametrize("device", DEVICES)
def test_the_queue_is_accessible(browser, studio, queued, device):
    page = open_page(browser, studio.address, device)
    page.click("#queue summary")
    expect(page.locator("#queue-list li")).to_have_count(3)
    check_accessibility(page, "queue")
    page.context.close()

"""The page for dreams in a real browser."""

import time

import pytest
from PIL import Image
from playwright.sync_api import expect

from support.browsers import (
    DEVICES,
    check_accessibility,
    choose_photo,
    fill_advanced,
    open_page,
    start_dream,
)
from support.studios import recipe_in


def wait_for_previews(page, count):
    """Wait until the page has shown this many different previews; return their numbers."""
    numbers = set()
    deadline = time.monotonic() + 60
    while len(numbers) < count and time.monotonic() < deadline:
        numbers.add(page.evaluate("document.getElementById('after').dataset.preview"))
        page.wait_for_timeout(50)
    return numbers - {None}


def job_id(page):
    return page.url.rpartition("#")[2]


def test_a_photo_dreams_with_previews_and_is_downloaded(page):
    choose_photo(page, size="480")
    start_dream(page, iterations=3000)
    assert len(wait_for_previews(page, 6)) >= 5
    page.click("#stop")
    expect(page.locator("#done")).to_be_visible()
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "my cat.dream.png"
    recipe = recipe_in(download.value.path().read_bytes())
    assert (recipe["objective"], recipe["photo"]["name"]) == ("relu1_1", "my cat.png")
    page.evaluate(
        "const slider = document.getElementById('compare-slider'); slider.value = 50;"
        "slider.dispatchEvent(new Event('input'))"
    )
    assert page.locator("#before").evaluate("it => it.style.clipPath") == "inset(0px 50% 0px 0px)"
    for name in ("after", "before"):  # as large as asked for, not as the photo
        assert page.locator(f"#{name}").evaluate("it => it.complete && it.naturalWidth") == 480


def test_a_channel_is_chosen_by_its_portrait(page, studio):
    page.locator(".tabs").get_by_text("Layer", exact=True).click()
    page.select_option("#any-layer", "relu4_4")
    page.click("#atlas summary")
    expect(page.locator("#portraits button")).to_have_count(512)
    page.fill("#atlas-words", "dog")
    query = {"network": "vgg19", "layer": "relu4_4", "q": "dog"}
    dogs = studio.client.get("/api/atlas", params=query).json()["entries"]
    expect(page.locator("#portraits button")).to_have_count(len(dogs))
    first = page.locator("#portraits button").first
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    assert page.input_value("#channel") == str(dogs[0]["number"])
    background = first.evaluate("it => getComputedStyle(it).backgroundImage")
    assert page.request.get(background[5:-2]).headers["content-type"] == "image/webp"
    page.fill("#atlas-words", "xyzzy")
    expect(page.locator("#atlas-hint")).to_contain_text("xyzzy")
    page.select_option("#any-layer", "relu1_1")
    expect(page.locator("#atlas")).to_be_hidden()


def test_class_names_are_completed_by_keyboard_with_portraits(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("input[name=target][value=preset]").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#see").focus()
    page.keyboard.type("golden retr")
    expect(page.locator("#see-list li")).to_have_count(1)
    expect(page.locator("#see-list .portrait").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#see", "aria-activedescendant") == "see-0"
    page.keyboard.press("Enter")
    assert page.input_value("#see") == "golden retriever"
    page.locator("#submit-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#error")).to_contain_text("photo")


def test_a_running_dream_is_changed(page, studio, problems):
    choose_photo(page)
    start_dream(page)
    expect(page.locator("#steer-objective")).to_be_hidden()
    page.locator("#steer-layers").get_by_text("relu3_1").click()
    page.fill("#steer-step_size", "4")
    page.click("#steer-button")
    expect(page.locator("#steer-now")).to_have_text("swirls, ornaments and scales")
    page.locator("#steer-advanced summary").click()
    page.fill("#steer-objective", "nonsense")
    page.click("#steer-button")
    expect(page.locator("#error")).to_contain_text("vgg19")
    assert "422" in problems.pop()
    page.click("#stop")
    expect(page.locator("#done")).to_be_visible()
    schedule = studio.get(job_id(page))["recipe"]["schedule"]
    assert {(change[3], change[4]) for change in schedule} == {
        ("objective", "relu3_1"),
        ("step_size", 4),
    }


def test_a_dream_is_paused_resumed_and_cancelled_also_after_a_reload(page, studio):
    page.get_by_text("Start from clouds").click()
    page.fill("#size", "96")
    start_dream(page)
    page.click("#pause")
    expect(page.locator("#pause")).to_have_text("Resume")
    page.click("#pause")
    expect(page.locator("#pause")).to_have_text("Pause")
    page.reload()
    expect(page.locator("#progress-text")).to_contain_text("%")
    page.click("#cancel")
    studio.wait(job_id(page), "cancelled")
    expect(page.locator("#rerun")).to_be_visible()


def test_a_painted_mask_limits_the_dream(page, studio):
    choose_photo(page)
    page.click("#paint")
    box = page.locator("#brush").bounding_box()
    left, middle = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
    page.mouse.move(left, middle)
    page.mouse.down()
    page.mouse.move(left + 20, middle, steps=3)
    page.mouse.up()
    start_dream(page, iterations=3)
    expect(page.locator("#done")).to_be_visible()
    dream = studio.get(job_id(page))
    assert dream["mask"]["name"] == "mask.png"
    with Image.open(studio.data / "dreams" / dream["id"] / "mask.png") as picture:
        mask = picture.convert("L")
    assert mask.getpixel((mask.width // 4, mask.height // 2)) == 255
    assert mask.getpixel((mask.width - 2, mask.height // 2)) == 0


def test_settings_are_restored_and_dreams_are_found_and_deleted(page, studio):
    choose_photo(page)
    start_dream(page, iterations=2, jitter=5)
    expect(page.locator("#done")).to_be_visible()
    dream = studio.client.get(f"/api/dreams/{job_id(page)}/image").content
    page.click("#reuse")
    expect(page.locator("#source-tools")).to_be_visible()
    page.reload()
    page.set_input_files("#file", {"name": "d.png", "mimeType": "image/png", "buffer": dream})
    expect(page.locator("#any-layer")).to_have_value("relu1_1")
    expect(page.locator("#jitter")).to_have_value("5")
    page.fill("#search", "no such words")
    expect(page.locator("#dreams li")).to_have_count(0)
    page.fill("#search", "relu1_1")
    page.locator("#dreams li button").first.click()
    expect(page.locator("#done")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    before = len(studio.files())
    page.click("#delete")
    expect(page.locator("#drop")).to_be_visible()
    assert len(studio.files()) == before - 1


def test_a_zoom_film_plays(page):
    page.get_by_text("Start from clouds").click()
    page.fill("#size", "96")
    start_dream(page, iterations=2)
    expect(page.locator("#done")).to_be_visible()
    page.click("[data-derive=zoom]")
    page.get_by_role("button", name="Make the film").click()
    page.click("#stop")
    expect(page.locator("#film")).to_be_visible()
    page.locator("#film").evaluate("it => { it.muted = true; return it.play() }")
    # an expression is evaluated by the page itself, which its content security policy forbids
    page.wait_for_function("() => document.getElementById('film').videoWidth === 96")


@pytest.mark.parametrize("device", DEVICES)
def test_the_page_is_accessible_in_every_state(browser, studio, device):
    page = open_page(browser, studio.address, device)
    check_accessibility(page, "empty")
    choose_photo(page)
    fill_advanced(page)
    page.click("#paint")
    check_accessibility(page, "with a photo")
    for target in ("Class", "Guide picture", "Layer"):
        page.locator(".tabs").get_by_text(target, exact=True).click()
        check_accessibility(page, target)
    page.click("#atlas summary")
    expect(page.locator("#portraits button").first).to_be_visible()
    check_accessibility(page, "portraits")
    start_dream(page)
    check_accessibility(page, "running")
    page.click("#stop")
    expect(page.locator("#done")).to_be_visible()
    page.get_by_text("Recipe", exact=True).click()
    check_accessibility(page, "done")
    page.context.close()

"""What the page shows is what it dreams of, and what happens, also elsewhere, is what it shows."""

import io
import signal

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from support.browsers import choose_photo, start_dream
from support.studios import random_picture, running_studio

QUICK = {"layer": "relu1_1", "octaves": 1, "iterations": 2, "size": "96"}
SLOW = {"layer": "relu1_1", "octaves": 1, "iterations": 20_000, "size": "96", "photo": "clouds"}


def job_id(page):
    return page.url.rpartition("#")[2]


def dream_of(studio, name, recipe, **files):
    """Dream of a photo with a script; return the id of the finished dream."""
    photo = (name, random_picture((96, 64), seed=len(name)))
    job = studio.dream(recipe | {"size": recipe.get("size", "96")}, photo=photo, **files)
    assert studio.wait(job)["status"] == "done"
    return job


def open_dream(page, studio, dream):
    page.goto(f"{studio.address}#{dream}")
    expect(page.locator("#done")).to_be_visible()


def press_dream(page, previous):
    """Press Dream, and wait for another dream to be done; return its id."""
    page.click("#submit-button")
    page.wait_for_function("previous => location.hash.slice(1) !== previous", arg=previous)
    expect(page.locator("#done")).to_be_visible()
    return job_id(page)


def test_the_picture_on_the_page_is_the_one_that_dreams(page, studio):
    coffee = dream_of(studio, "coffee.png", QUICK)
    choose_photo(page, name="cat.png")
    page.locator(f'#dreams li[data-id="{coffee}"] button').click()
    expect(page.locator("#done")).to_be_visible()
    expect(page.locator("#starts-from")).to_contain_text("coffee.png")
    page.locator(".tabs").get_by_text("Layer", exact=True).click()
    page.select_option("#any-layer", "relu1_2")
    page.evaluate("document.getElementById('advanced').open = true")
    page.fill("#octaves", "1")
    page.fill("#iterations", "1")
    shown = studio.get(press_dream(page, coffee))
    assert (shown["title"], shown["recipe"]["objective"]) == ("coffee.png", "relu1_2")
    assert shown["photo"]["sha256"] == studio.get(coffee)["photo"]["sha256"]


def test_a_picture_that_a_reload_shows_can_be_dreamt_of(page, studio):
    coffee = dream_of(studio, "coffee.png", QUICK)
    open_dream(page, studio, coffee)
    page.reload()
    expect(page.locator("#done")).to_be_visible()
    shown = studio.get(press_dream(page, coffee))
    assert shown["photo"]["sha256"] == studio.get(coffee)["photo"]["sha256"]
    assert shown["recipe"]["objective"] == "relu1_1"


def half_mask():
    data = io.BytesIO()
    pixels = np.zeros((64, 96), np.uint8)
    pixels[:, :48] = 255
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def test_all_settings_of_a_dream_return(page, studio):
    recipe = {
        "network": "vgg19", "layer": "relu1_2", "octaves": 1, "iterations": 3, "jitter": 5,
        "seed": 9, "smooth": "1.2", "palette": "natural", "keep_colours": True,
        "strength": 0.8, "rotate": 3,
        "schedule": [[0, 0, 1, "step_size", 3.5], [0, 0, 2, "objective", "relu1_1"]],
    }  # fmt: skip
    first = dream_of(studio, "sky.png", recipe, mask=("m.png", half_mask()))
    open_dream(page, studio, first)
    page.click("#reuse")
    expect(page.locator("#brush")).to_be_visible()
    expect(page.locator("#carried-list")).to_contain_text("step size 3.5")
    second = press_dream(page, first)
    old, new = (studio.get(one)["recipe"] for one in (first, second))
    assert {name for name in old if old[name] != new[name]} <= {"mask"}  # the file, not its pixels
    assert studio.image(first).tobytes() == studio.image(second).tobytes()
    page.click("#reuse")
    page.get_by_role("button", name="Remove: Changes while it runs").click()
    third = studio.get(press_dream(page, second))
    assert third["recipe"]["schedule"] == []


@pytest.mark.parametrize(
    "recipe",
    [
        {"preset": "eyes", "octaves": 1, "iterations": 1, "size": "96"},
        {"preset": "natural", "see": "lighthouse", "octaves": 1, "iterations": 1, "size": "96"},
        {"objective": "2*relu1_1 - relu1_2:3", "network": "vgg19", "octaves": 1, "iterations": 1},
        {"photo": "clouds", "size": "96x80", "layer": "relu1_1", "octaves": 1, "iterations": 1},
    ],
)
def test_every_kind_of_recipe_returns(page, studio, recipe):
    photo = {} if "photo" in recipe else {"photo": ("a.png", random_picture((96, 64)))}
    first = studio.dream(recipe, **photo)
    studio.wait(first, "done")
    open_dream(page, studio, first)
    page.click("#reuse")
    second = press_dream(page, first)
    old, new = (studio.get(one)["recipe"] for one in (first, second))
    assert {name for name in old if old[name] != new[name]} <= {"count", "preset"}
    assert studio.image(first).tobytes() == studio.image(second).tobytes()


def test_the_gallery_follows_dreams_of_others(page, studio, browser):
    expect(page.locator("#gallery")).to_be_visible()
    first = studio.dream(SLOW)
    second = studio.dream({**SLOW, "size": "64x48"})
    card = page.locator(f'#dreams li[data-id="{first}"]')
    expect(card).to_contain_text("%")
    queued = page.locator(f'#dreams li[data-id="{second}"]')
    expect(queued).to_contain_text("Queued")
    assert queued.locator("img").evaluate("it => it.decode().then(() => it.naturalWidth > 0)")
    studio.command(first, "stop")
    studio.command(second, "cancel")
    expect(card).not_to_contain_text("Running")
    expect(queued).to_contain_text("Cancelled")


def test_a_dream_that_ends_while_another_is_open_does_not_stay_running(page, studio):
    other = dream_of(studio, "coffee.png", QUICK)
    choose_photo(page, name="cat.png")
    start_dream(page)
    running = job_id(page)
    page.locator(f'#dreams li[data-id="{other}"] button').click()
    expect(page.locator("#done")).to_be_visible()
    studio.command(running, "stop")
    card = page.locator(f'#dreams li[data-id="{running}"]')
    expect(card.locator(".muted")).to_contain_text("colours and edges")


def test_the_page_says_that_the_server_is_gone_and_goes_on_when_it_is_back(browser, tmp_path):
    with running_studio(tmp_path / "data") as studio:
        context = browser.new_context()
        page = context.new_page()
        page.goto(studio.address)
        page.get_by_text("Start from clouds").click()
        page.fill("#size", "96")
        start_dream(page)
        studio.process.send_signal(signal.SIGSTOP)
        expect(page.locator("#offline")).to_be_visible(timeout=30_000)
        assert page.locator("#running").evaluate("it => it.inert")
        studio.process.send_signal(signal.SIGCONT)
        expect(page.locator("#offline")).to_be_hidden(timeout=30_000)
        assert not page.locator("#running").evaluate("it => it.inert")
        page.click("#cancel")
        expect(page.locator("#rerun")).to_be_visible()
        # the server stops without an error while the page still follows it
        assert "Traceback" not in studio.close()
        expect(page.locator("#offline")).to_be_visible()
        context.close()


def test_a_server_that_is_slow_to_respond_is_not_gone_for_good(page, problems):
    expect(page.locator("#no-dreams:visible, #dreams li").first).to_be_visible()
    page.route("**/healthz", lambda route: route.abort())
    expect(page.locator("#offline")).to_be_visible()
    page.unroute("**/healthz")
    expect(page.locator("#offline")).to_be_hidden()  # though nothing happens that is an event
    assert all("healthz" in problem or "ERR_FAILED" in problem for problem in problems)
    problems.clear()


def test_a_film_is_not_made_without_asking(page, studio):
    dream = dream_of(studio, "coffee.png", QUICK)
    open_dream(page, studio, dream)
    count = len(studio.files())
    page.click("[data-derive=zoom]")
    expect(page.get_by_role("dialog")).to_contain_text("takes")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert len(studio.files()) == count


def test_words_are_those_of_the_person(page, studio):
    long = studio.dream({**SLOW, "octaves": 2, "size": "128"})
    page.goto(f"{studio.address}#{long}")
    expect(page.locator("#progress-text")).to_contain_text("Large shapes")
    expect(page.locator("#progress-text")).not_to_contain_text("step")
    studio.command(long, "cancel")
    mixed = dream_of(studio, "my cat.png", {
        "objective": "2*relu1_1 - relu3_1", "octaves": 1, "iterations": 1, "size": "64",
        "network": "vgg19",
    })  # fmt: skip
    open_dream(page, studio, mixed)
    facts = page.locator("#facts")
    expect(facts).to_contain_text("colours and edges, without swirls")
    assert facts.evaluate("it => getComputedStyle(it, '::first-letter').textTransform") == "none"
    for word in ("relu", "--", "photo.png", "vgg19"):
        expect(facts).not_to_contain_text(word)


def test_a_photo_that_is_scaled_down_is_named_as_the_person_names_it(studio):
    photo = ("my cat.png", random_picture((1200, 800)))
    job = studio.dream({"layer": "relu1_1", "octaves": 1, "iterations": 1}, photo=photo)
    (notice,) = studio.wait(job, "done")["notices"]
    assert "my cat.png" in notice
    assert "1200×800" in notice
    for word in ("--", "size=", "photo.png"):
        assert word not in notice


def test_a_class_keeps_the_name_that_it_was_chosen_by(page, studio):
    page.locator(".tabs").get_by_text("Class", exact=True).click()
    page.fill("#see", "lighthou")
    expect(page.locator("#see-list li").first).to_contain_text("lighthouse")
    page.locator("#see-list li").first.click()
    assert page.input_value("#see") == "lighthouse"
    page.fill("#see", "cas")
    expect(page.locator("#see-list li").first).to_contain_text("cas")
    first = page.locator("#see-list li").first.inner_text()
    assert first.startswith(("cas", "any cas"))
    job = studio.dream(
        {
            "preset": "natural",
            "see": "lighthouse",
            "octaves": 1,
            "iterations": 1,
            "size": "64x64",
            "photo": "clouds",
        }
    )
    dream = studio.wait(job)
    assert dream["called"] == "lighthouse"
    page.goto(f"{studio.address}#{job}")
    expect(page.locator("#facts")).to_contain_text("lighthouse")


def test_a_thing_is_dreamt_in_the_look_of_its_card(page, studio):
    choose_photo(page, name="cat.png")
    page.locator(".tabs").get_by_text("Class", exact=True).click()
    page.fill("#see", "castle")
    page.keyboard.press("Escape")
    page.locator("#thing-looks").get_by_text("vivid", exact=True).click()
    page.evaluate("document.getElementById('advanced').open = true")
    for field, value in {"octaves": 1, "iterations": 1}.items():
        page.fill(f"#{field}", str(value))
    recipe = studio.get(press_dream(page, ""))["recipe"]
    assert (recipe["preset"], recipe["network"]) == ("vivid", "vgg19")
    page.locator("#thing-looks").get_by_text("named", exact=True).click()
    page.click("#reuse")
    assert page.input_value("#see") == "castle"
    expect(page.locator("[name=thing_look][value=vivid]")).to_be_checked()

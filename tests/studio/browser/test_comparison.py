"""Dreams side by side, with the same zoom and pan; before and after of one."""

import pytest
from playwright.sync_api import expect

from support.studios import random_picture

RECIPE = {"octaves": 1, "iterations": 1, "size": "96"}


@pytest.fixture(scope="module")
def dreams(studio):
    jobs = [
        studio.dream({**RECIPE, "layer": layer}, photo=("a.png", random_picture((96, 64))))
        for layer in ("relu1_1", "relu3_1", "relu4_1")
    ]
    for job in jobs:
        studio.wait(job, "done")
    return jobs


def transforms(page):
    return page.locator("#tiles img").evaluate_all("all => all.map((one) => one.style.transform)")


def test_selected_dreams_are_compared_with_the_same_zoom(page, dreams):
    page.click("#select")
    expect(page.locator("#select-compare")).to_be_disabled()
    for job in dreams:
        page.locator(f'#dreams li[data-id="{job}"] button').click()
    expect(page.locator("#select-hint")).to_have_text("3 selected")
    page.click("#select-compare")
    tiles = page.locator("#tiles figure")
    expect(tiles).to_have_count(3)
    captions = [tile.locator("b").inner_text() for tile in tiles.all()]
    assert captions == ["colours and edges", "swirls, ornaments and scales", "eyes"]
    assert "relu4_1" in tiles.nth(2).locator("small").inner_text()
    box = tiles.nth(1).locator("img").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(100)
    zoomed = transforms(page)
    assert len(set(zoomed)) == 1
    assert "scale(2.7" in zoomed[0]
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4 - 30, box["y"] + box["height"] / 4, steps=3)
    page.mouse.up()
    assert len(set(transforms(page))) == 1
    assert transforms(page) != zoomed
    page.keyboard.press("0")
    assert transforms(page) == ["", "", ""]
    page.keyboard.down("b")
    for picture in tiles.locator("img").all():
        assert picture.get_attribute("src").endswith("/before")
    page.keyboard.up("b")
    for picture in tiles.locator("img").all():
        assert picture.get_attribute("src").endswith("/image")
    page.keyboard.press("Escape")
    expect(page.locator("#comparison")).to_be_hidden()


def test_all_layers_by_one_click(page, studio, dreams):
    page.goto(f"{studio.address}#{dreams[0]}")
    expect(page.locator("#done")).to_be_visible()
    page.locator("#done [data-sheet]").click()
    tiles = page.locator("#tiles figure")
    expect(tiles).to_have_count(8)
    layers = [tile.locator("small").inner_text().split(" ")[0] for tile in tiles.all()]
    assert layers == sorted(layers)
    captions = [tile.locator("b").inner_text() for tile in tiles.all()]
    assert captions[layers.index("relu4_1")] == "eyes"
    assert "classic" not in captions  # the name of a look, whose layer is among them
    for tile in tiles.all():
        job = tile.get_attribute("data-id")
        assert studio.get(job)["photo"]["sha256"] == studio.get(dreams[0])["photo"]["sha256"]
        studio.command(job, "cancel")


def test_the_divider_is_dragged_and_before_is_held(page, studio, dreams):
    page.goto(f"{studio.address}#{dreams[0]}")
    expect(page.locator("#compare")).to_be_visible()
    box = page.locator("#frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 30, steps=4)
    page.mouse.up()
    assert page.input_value("#compare-slider") == "60"
    clip = "it => it.style.clipPath"
    assert page.locator("#before").evaluate(clip) == "inset(0px 40% 0px 0px)"
    page.locator("#frame").focus()
    page.keyboard.down("b")
    assert page.locator("#before").evaluate(clip) in {"inset(0px 0% 0px 0px)", "inset(0px)"}
    page.keyboard.up("b")
    assert page.input_value("#compare-slider") == "60"

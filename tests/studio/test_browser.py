"""The studio's page in a real browser (Debian's Chromium)."""

import os
import shutil
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from support.studios import drawn, picture, recipe_in, studio_at

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    if os.environ.get("PUPPYSLUG_NEEDS_BROWSER"):
        pytest.fail("there is no Chromium, and PUPPYSLUG_NEEDS_BROWSER is set", pytrace=False)
    pytest.skip("there is no Chromium here: apt install chromium", allow_module_level=True)

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with studio_at(tmp_path_factory.mktemp("studio")) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def problems():
    """What the page complains of."""
    return []


@pytest.fixture
def page(browser, studio, problems):
    """A page that must not fail at anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console", lambda line: line.type in {"error", "warning"} and problems.append(line.text)
    )
    page.goto(studio.address)
    yield page
    context.close()
    assert not problems


def choose(page, size="96", name="my cat.png", **photo):
    page.set_input_files(
        "#file",
        {"name": name, "mimeType": "image/png", "buffer": picture(**photo or {"size": (96, 64)})},
    )
    page.fill("#size", size)


def advanced(page, **fields):
    page.evaluate("document.getElementById('advanced').open = true")
    for name, value in fields.items():
        page.fill(f"#{name}", str(value))


def begin(page, **fields):
    """Start a dream of many small steps, or as many as are asked for."""
    page.get_by_text("A layer", exact=True).click()
    page.select_option("#any-layer", "relu1_1")
    advanced(page, **{"octaves": 1, "iterations": 20_000, **fields})
    page.click("#go")
    if fields.get("iterations", 20_000) > 1000:
        expect(page.locator("#how-far")).to_contain_text("step", timeout=30_000)


def previews(page, count):
    """Wait for different previews on the page; their numbers."""
    seen = set()
    deadline = time.monotonic() + 60
    while len(seen) < count and time.monotonic() < deadline:
        seen.add(page.evaluate("document.getElementById('after').dataset.preview"))
        page.wait_for_timeout(50)
    return seen - {None}


def test_a_photo_dreams_before_your_eyes(page):
    choose(page, size="480", name="my cat.png")
    begin(page, iterations=3000)
    assert len(previews(page, 6)) >= 5
    page.click("#stop")
    expect(page.locator("#done")).to_be_visible()
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "my cat.dream.png"
    recipe = recipe_in(download.value.path().read_bytes())
    assert (recipe["objective"], recipe["photo"]["name"]) == ("relu1_1", "my cat.png")
    page.evaluate(
        "const divide = document.getElementById('divide'); divide.value = 50;"
        "divide.dispatchEvent(new Event('input'))"
    )
    assert page.locator("#before").evaluate("it => it.style.clipPath") == "inset(0px 50% 0px 0px)"
    for name in ("after", "before"):
        assert page.locator(f"#{name}").evaluate("it => it.complete && it.naturalWidth") == 96


def test_a_channel_is_chosen_by_what_it_looks_for(page, studio):
    page.get_by_text("A layer", exact=True).click()
    page.select_option("#any-layer", "relu4_4")
    page.click("#atlas summary")
    expect(page.locator("#portraits button")).to_have_count(512)
    page.fill("#atlas-words", "dog")
    asked = {"network": "vgg19", "layer": "relu4_4", "q": "dog"}
    dogs = studio.client.get("/api/atlas", params=asked).json()["entries"]
    expect(page.locator("#portraits button")).to_have_count(len(dogs))
    first = page.locator("#portraits button").first
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    assert page.input_value("#channel") == str(dogs[0]["number"])
    shown = first.evaluate("it => getComputedStyle(it).backgroundImage")
    assert page.request.get(shown[5:-2]).headers["content-type"] == "image/webp"
    page.fill("#atlas-words", "xyzzy")
    expect(page.locator("#atlas-hint")).to_have_text("None looks like xyzzy.")
    page.select_option("#any-layer", "relu1_1")
    expect(page.locator("#atlas")).to_be_hidden()


def test_things_are_offered_with_their_portraits(page):
    page.get_by_text("A thing", exact=True).click()
    page.fill("#see", "castle")
    expect(page.locator("#see-list .portrait").first).to_be_visible()


def test_steering_changes_what_grows(page, studio, problems):
    choose(page, size="96")
    begin(page)
    page.fill("#steer-objective", "relu2_1")
    page.fill("#steer-step_size", "4")
    page.click("#steer button")
    expect(page.locator("#status")).to_contain_text("Steered")
    page.fill("#steer-objective", "nonsense")
    page.click("#steer button")
    expect(page.locator("#error")).to_contain_text("vgg19 knows no classes")
    assert "422" in problems.pop()
    identity = page.url.rpartition("#")[2]
    page.click("#stop")
    expect(page.locator("#done")).to_be_visible()
    schedule = studio.get(identity)["recipe"]["schedule"]
    assert {(change[3], change[4]) for change in schedule} == {
        ("objective", "relu2_1"),
        ("step_size", 4),
    }


def test_cancel_and_pause(page, studio):
    page.get_by_text("Start from clouds").click()
    page.fill("#size", "96")
    begin(page)
    page.click("#pause")
    expect(page.locator("#pause")).to_have_text("Go on")
    page.click("#pause")
    expect(page.locator("#pause")).to_have_text("Pause")
    identity = page.url.rpartition("#")[2]
    page.reload()  # watched on after it
    expect(page.locator("#how-far")).to_contain_text("step")
    began = time.monotonic()
    page.click("#cancel")
    studio.wait(identity, "cancelled", seconds=1)
    expect(page.locator("#rerun")).to_be_visible()
    assert time.monotonic() > began


def test_a_painted_mask_is_where_it_dreams(page, studio):
    choose(page, size="96")
    page.click("#paint")
    box = page.locator("#brush").bounding_box()
    left, middle = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
    page.mouse.move(left, middle)
    page.mouse.down()
    page.mouse.move(left + 20, middle, steps=3)
    page.mouse.up()
    page.get_by_text("A layer", exact=True).click()
    page.select_option("#any-layer", "relu1_1")
    advanced(page, octaves=1, iterations=3)
    page.click("#go")
    expect(page.locator("#done")).to_be_visible()
    dream = studio.get(page.url.rpartition("#")[2])
    assert dream["mask"]["name"] == "mask.png"
    mask = studio.data / "dreams" / dream["id"] / "mask.png"
    from PIL import Image

    painted = Image.open(mask).convert("L")
    assert painted.getpixel((painted.width // 4, painted.height // 2)) == 255
    assert painted.getpixel((painted.width - 2, painted.height // 2)) == 0


def test_things_are_completed_by_keyboard_alone(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("input[name=what][value=preset]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#see")).to_be_visible()
    page.locator("#see").focus()
    page.keyboard.type("golden retr")
    expect(page.locator("#see-list li")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#see", "aria-activedescendant") == "see-0"
    page.keyboard.press("Enter")
    assert page.input_value("#see") == "golden retriever"
    page.locator("#go").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#error")).to_contain_text("Choose a photo first")


def test_a_dream_dropped_brings_its_settings_and_the_gallery_has_all(page, studio):
    choose(page, size="96")
    begin(page, iterations=2, jitter=5)
    expect(page.locator("#done")).to_be_visible()
    dream = studio.client.get(f"/api/dreams/{page.url.rpartition('#')[2]}/image").content
    page.click("#reuse")
    expect(page.locator("#source-tools")).to_be_visible()
    page.reload()
    page.set_input_files("#file", {"name": "d.png", "mimeType": "image/png", "buffer": dream})
    expect(page.locator("#status")).to_contain_text("is a dream")
    assert page.input_value("#jitter") == "5"
    assert page.input_value("#any-layer") == "relu1_1"
    page.fill("#words", "no such words")
    expect(page.locator("#dreams li")).to_have_count(0)
    page.fill("#words", "relu1_1")
    page.locator("#dreams li button").first.click()
    expect(page.locator("#done")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    before = len(studio.files())
    page.click("#delete")
    expect(page.locator("#drop")).to_be_visible()
    assert len(studio.files()) == before - 1


def test_a_zoom_plays(page):
    page.get_by_text("Start from clouds").click()
    page.fill("#size", "96")
    begin(page, iterations=2)
    expect(page.locator("#done")).to_be_visible()
    page.get_by_text("Make a zoom").click()
    page.click("#stop")
    expect(page.locator("#film")).to_be_visible()
    page.locator("#film").evaluate("it => { it.muted = true; return it.play() }")
    page.wait_for_timeout(200)
    assert page.locator("#film").evaluate("it => it.videoWidth") == 96


def opened(browser, address, device, scheme):
    """A page on a device, in light or dark; its context is to be closed."""
    width, height = SIZES[device]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(address)
    return page


def check_page(page, width, state):
    """Nothing is wider than the page, and nothing keeps anybody from using it."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{state}: {wide} pixels wide"
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["target"] for node in one["nodes"]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert not serious, state


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", SIZES)
def test_everybody_can_use_it(browser, studio, device, scheme):
    width, _ = SIZES[device]
    page = opened(browser, studio.address, device, scheme)
    check_page(page, width, "empty")
    choose(page, size="96")
    page.evaluate("document.getElementById('advanced').open = true")
    page.click("#paint")
    check_page(page, width, "with a photo")
    for what in ("A thing", "A layer", "Like a picture"):
        page.get_by_text(what, exact=True).click()
        check_page(page, width, what)
    page.get_by_text("A layer", exact=True).click()
    page.click("#atlas summary")
    expect(page.locator("#portraits button").first).to_be_visible()
    check_page(page, width, "channels by their portraits")
    begin(page)
    check_page(page, width, "running")
    page.click("#stop")
    expect(page.locator("#done")).to_be_visible()
    page.get_by_text("Recipe", exact=True).click()
    check_page(page, width, "done")
    page.context.close()


def shown(kind, count):
    """Pictures of stripes or of discs, as files to choose."""
    return [
        {"name": f"{kind} {n}.png", "mimeType": "image/png", "buffer": drawn(kind, n)}
        for n in range(count)
    ]


def drop(target, files):
    """Drop files on a part of the page."""
    target.evaluate(
        """(target, files) => {
            const data = new DataTransfer();
            for (const [name, bytes] of files)
                data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            target.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
        }""",
        [[file["name"], list(file["buffer"])] for file in files],
    )


def test_pictures_dropped_become_a_thing_to_dream_of(page, studio, problems):
    page.get_by_role("link", name="Teach", exact=True).click()
    expect(page.locator("#things > li")).to_have_count(2)
    stripes, discs = page.locator("#things > li").all()
    drop(stripes, shown("stripes", 4))
    stripes.get_by_label("What is it?").fill("my stripes")
    page.locator("#name").focus()
    discs.locator("[type=file]").set_input_files(
        [*shown("discs", 4), {"name": "x.png", "mimeType": "image/png", "buffer": b"none"}]
    )
    expect(page.locator("#error")).to_contain_text("x.png")
    assert "422" in problems.pop()
    for thing in (stripes, discs):
        expect(thing.locator(".shot")).to_have_count(4)
        expect(thing.locator(".count")).to_have_text("4 pictures; more would teach more")
    page.click("#go")
    expect(page.locator("#error")).to_contain_text("cannot be called")
    page.fill("#name", "shapes")
    page.click("#go")
    expect(page.locator("#error")).to_contain_text("Thing 2 has no name")
    problems.clear()
    discs.get_by_label("What is it?").fill("discs")
    discs.get_by_role("button", name="Remove discs 0.png").click()
    expect(discs.locator(".shot")).to_have_count(3)
    page.reload()
    expect(page.locator(".shot")).to_have_count(7)
    assert page.locator(".called input").nth(0).input_value() == "my stripes"
    page.click("#go")
    expect(page.locator("#how-far")).to_contain_text("left", timeout=60_000)
    page.click("#stop", timeout=240_000)
    expect(page.locator("#running")).to_be_hidden(timeout=120_000)
    expect(page.locator("#learnt li")).to_have_count(2)
    page.get_by_role("link", name="Dream of my stripes").click()
    expect(page.locator("#see")).to_have_value("my stripes")
    page.get_by_text("Start from clouds").click()
    page.fill("#size", "96")
    advanced(page, octaves=1, iterations=3)
    page.click("#go")
    expect(page.locator("#done")).to_be_visible()
    recipe = studio.get(page.url.rpartition("#")[2])["recipe"]
    assert recipe["network"] == "shapes.safetensors"
    assert "my stripes" in recipe["objective"]
    page.click("#reuse")
    expect(page.locator("#source-tools")).to_be_visible()
    assert page.input_value("#eyes") == "shapes.safetensors"
    page.fill("#see", "my st")
    expect(page.locator("#see-list li").first).to_contain_text("my stripes")
    page.goto(f"{studio.address}teach")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete shapes").click()
    expect(page.locator("#no-lessons")).to_be_visible()
    assert list((studio.data / "networks").iterdir()) == []


def test_a_network_put_into_the_folder_is_offered(page, studio):
    import torch
    from safetensors.torch import save_file

    from puppyslug.networks.finetuned import Header, header_text

    header = Header(
        base="efficientnet_lite0",
        base_weights="0" * 64,
        things=("my boat",),
        sure_from=0.5,
        licence="",
        pictures=(3,),
        held=None,
        seed=0,
        taught_blocks=False,
    )
    path = studio.data / "networks" / "brought.safetensors"
    save_file({"nothing": torch.zeros(1)}, path, header_text(header))
    page.goto(f"{studio.address}teach")
    page.get_by_role("button", name="brought my boat").click()
    expect(page.locator("#see")).to_have_value("my boat")
    assert page.input_value("#eyes") == path.name
    page.goto(f"{studio.address}teach")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete brought").click()
    expect(page.get_by_role("button", name="brought")).to_have_count(0)
    assert not path.exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", SIZES)
def test_everybody_can_teach(browser, studio, device, scheme):
    width, _ = SIZES[device]
    page = opened(browser, f"{studio.address}teach", device, scheme)
    check_page(page, width, "empty")
    for kind, thing in zip(("stripes", "discs"), page.locator("#things > li").all(), strict=True):
        thing.get_by_label("What is it?").fill(kind)
        thing.locator("[type=file]").set_input_files(shown(kind, 3))
        expect(thing.locator(".shot")).to_have_count(3)
    page.click("#add-none")
    page.locator("#teach summary").click()
    check_page(page, width, "with pictures")
    page.locator("#things > li").nth(2).locator(".forget").click()
    page.fill("#name", f"{device} {scheme}")
    page.locator("#go").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#how-far")).to_contain_text("left", timeout=60_000)
    check_page(page, width, "running")
    page.click("#cancel")
    expect(page.locator("#running")).to_be_hidden(timeout=30_000)
    check_page(page, width, "cancelled")
    page.context.close()

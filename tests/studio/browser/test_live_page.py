"""The page Live, in a real browser whose camera shows a test picture."""

import pytest
from playwright.sync_api import expect

from support.browsers import DEVICES, check_accessibility, launch_browser, open_page

# Starts the camera in a browser that lacks something.
WITHOUT = {
    "not allowed": "navigator.mediaDevices.getUserMedia = () => Promise.reject("
    "new DOMException('', 'NotAllowedError'))",
    "plug one in": "navigator.mediaDevices.getUserMedia = () => Promise.reject("
    "new DOMException('', 'NotFoundError'))",
    "another program": "navigator.mediaDevices.getUserMedia = () => Promise.reject("
    "new DOMException('', 'NotReadableError'))",
    "http://localhost": "Object.defineProperty(window, 'isSecureContext', { value: false })",
}


@pytest.fixture(scope="module")
def browser():
    flags = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with launch_browser(*flags) as browser:
        yield browser


@pytest.mark.slow
def test_the_camera_is_dreamt_and_a_snapshot_kept(page, studio):
    page.get_by_role("link", name="Live", exact=True).click()
    page.click("#start")
    picture = page.locator("#picture")
    expect(picture).to_be_visible()
    expect(page.locator("#rate")).to_contain_text("frames per second")
    page.get_by_text("woven threads").click()
    page.click("#snapshot")
    expect(page.locator("#snapshots li")).to_have_count(1)
    page.click("#record")
    expect(page.locator("#record")).to_have_text("Stop recording")
    with studio.client.stream("GET", "/live.mjpg") as response:
        assert response.headers["content-type"].startswith("multipart/x-mixed-replace")
        data = b""
        for part in response.iter_bytes():
            data += part
            if data.count(b"image/jpeg") > 2:  # so frames were recorded
                break
    page.click("#record")
    expect(page.locator("#snapshots li")).to_have_count(2)
    expect(page.locator("#error")).to_be_hidden()
    for width, height in DEVICES.values():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("#end")
    expect(picture).to_be_hidden()
    kinds = {dream["kind"] for dream in studio.client.get("/api/dreams").json()}
    assert kinds == {"picture", "zoom"}


@pytest.mark.parametrize("part", WITHOUT)
def test_the_page_says_what_is_missing(page, studio, part):
    page.goto(f"{studio.address}live")
    page.evaluate(f"() => {{ {WITHOUT[part]}; }}")
    page.click("#start")
    expect(page.locator("#error")).to_contain_text(part)
    expect(page.locator("#start")).to_be_enabled()


@pytest.mark.parametrize("device", DEVICES)
def test_the_page_is_accessible_and_fits(browser, studio, device):
    page = open_page(browser, f"{studio.address}live", device)
    check_accessibility(page, "live")
    page.context.close()

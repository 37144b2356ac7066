"""A real browser (Debian's Chromium), and steps that several browser tests take."""

import contextlib
import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from support.studios import random_picture, shape_picture

expect.set_options(timeout=60_000)  # milliseconds, for a busy machine
OBSERVE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push({
    value: entry.value,
    nodes: entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName),
  });
}).observe({ type: "layout-shift", buffered: true });
"""
MAX_SHIFT = 0.02
DEVICES = {"desktop": (1280, 900), "phone": (390, 844)}


def find_chromium():
    """Return Chromium's path; skip the module without one, unless it is required."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("PUPPYSLUG_NEEDS_BROWSER"):
            pytest.fail("Chromium is missing, and PUPPYSLUG_NEEDS_BROWSER is set", pytrace=False)
        pytest.skip("Chromium is missing: apt install chromium", allow_module_level=True)
    return chromium


@contextlib.contextmanager
def launch_browser(*arguments):
    """Launch Chromium with command-line arguments; close it afterwards."""
    path = find_chromium()
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", *arguments]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


def choose_photo(page, size="96", name="my cat.png"):
    """Choose a photo and the size of the dream."""
    photo = {"name": name, "mimeType": "image/png", "buffer": random_picture((96, 64))}
    page.set_input_files("#file", photo)
    page.fill("#size", size)


def fill_advanced(page, **fields):
    page.evaluate("document.getElementById('advanced').open = true")
    for name, value in fields.items():
        page.fill(f"#{name}", str(value))


def start_dream(page, iterations=20_000, **fields):
    """Start a dream of many small steps; wait for the first if there are many."""
    page.locator(".tabs").get_by_text("Layer", exact=True).click()
    page.select_option("#any-layer", "relu1_1")
    fill_advanced(page, octaves=1, iterations=iterations, **fields)
    page.click("#submit-button")
    if iterations > 1000:
        expect(page.locator("#progress-text")).to_contain_text("%", timeout=120_000)


def open_page(browser, address, device):
    """Open a page on a device; close its context afterwards."""
    width, height = DEVICES[device]
    viewport = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, bypass_csp=True)
    context.add_init_script("localStorage.setItem('puppyslug-seen-closed', 'yes')")
    context.add_init_script("localStorage.setItem('puppyslug-steer-open', 'yes')")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    return page


def check_accessibility(page, state):
    """Check that the page fits the device, and has no serious violation in light or dark."""
    width = page.viewport_size["width"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (state, scheme)
        serious = [
            (one["id"], [node["target"] for node in one["nodes"]])
            for one in Axe().run(page).response["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        assert not serious, (state, scheme)


def find_shifts(page):
    """Return what has moved by itself since a page with OBSERVE_SHIFTS was opened.

    Returns:
        The cumulative layout shift, and the names of what has moved most.
    """
    shifts = page.evaluate("window.shifts")
    worst = max(shifts, key=lambda shift: shift["value"], default={"nodes": []})
    return sum(shift["value"] for shift in shifts), worst["nodes"]


def shape_files(kind, count):
    """Return pictures of stripes or of discs, as files to choose."""
    return [
        {"name": f"{kind} {n}.png", "mimeType": "image/png", "buffer": shape_picture(kind, n)}
        for n in range(count)
    ]


def drop_files(target, files):
    """Drop files on an element of the page."""
    target.evaluate(
        """(target, files) => {
            const data = new DataTransfer();
            for (const [name, bytes] of files)
                data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            target.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
        }""",
        [[file["name"], list(file["buffer"])] for file in files],
    )

"""Takes the screenshots of the studio that the documentation shows.

    python docs/studio_screenshots.py 'http://127.0.0.1:8000/#ID'

Run it with the address of a dream of a cat that is done, when the page changes. It needs Chromium
and the packages of the extra ``test``.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
TIMEOUT = 120_000  # milliseconds until the bars are there


def main(address: str) -> None:
    """Take the screenshots of a wide page, and of a phone in dark mode."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take(browser, address, "studio", width=1280, height=1000)
        take(
            browser,
            address,
            "studio-phone",
            width=390,
            height=844,
            device_scale_factor=1.5,
            color_scheme="dark",
        )
        browser.close()


def take(
    browser: Browser, address: str, name: str, *, width: int, height: int, **options: object
) -> None:
    """Save a screenshot of a dream, half of which shows the picture before."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#seen-after li", timeout=TIMEOUT)
    page.evaluate(
        "const slider = document.getElementById('compare-slider'); slider.value = 50;"
        "slider.dispatchEvent(new Event('input')); window.scrollTo(0, 0)"
    )
    page.wait_for_timeout(1000)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(FOLDER / f"{name}.jpg", quality=88, optimize=True)
    context.close()


if __name__ == "__main__":
    main(sys.argv[1])

"""A studio of their own, and a browser, for the tests of the pages."""

import pytest
from playwright.sync_api import sync_playwright

from support.browsers import find_chromium
from support.studios import running_studio


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with running_studio(tmp_path_factory.mktemp("studio")) as studio:
        yield studio


@pytest.fixture(scope="module")
def browser():
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def problems():
    """Errors and warnings on the page's console."""
    return []


@pytest.fixture
def page(browser, studio, problems):
    """The studio's page; a test fails if it leaves errors on the console."""
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

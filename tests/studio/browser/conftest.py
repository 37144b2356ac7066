"""A studio of their own, and a browser, for the tests of the pages."""

import pytest

from support.browsers import launch_browser
from support.studios import running_studio


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    with running_studio(folder, program="support.small_studio") as studio:
        yield studio


@pytest.fixture(scope="module")
def browser():
    """Chromium; while it runs, so does an event loop, which tests of other modules cannot use."""
    with launch_browser() as browser:
        yield browser


@pytest.fixture
def problems():
    """Errors and warnings on the page's console."""
    return []


@pytest.fixture
def page(browser, studio, problems):
    """The studio's page; a test fails if it leaves errors on the console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    # a test that looks at what the network sees opens it
    context.add_init_script("localStorage.setItem('puppyslug-seen-closed', 'yes')")
    context.add_init_script("localStorage.setItem('puppyslug-steer-open', 'yes')")
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

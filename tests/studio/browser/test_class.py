"""A class in the browser: two pupils and the teacher, each with a browser of their own."""

import re

import pytest
from playwright.sync_api import expect

from support.browsers import DEVICES, check_accessibility, choose_photo, start_dream
from support.studios import Studio


class ClassStudio(Studio):
    """A studio in class mode, with what it has printed."""

    def __init__(self, data):
        super().__init__(data, "--class", "--host", "127.0.0.1", program="support.small_studio")
        self.passphrase = self.process.stdout.readline().partition(": ")[2].strip()
        self.teacher_address = re.search(r"http\S+", self.process.stdout.readline())[0]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    studio = ClassStudio(tmp_path_factory.mktemp("class"))
    yield studio
    assert "Traceback" not in studio.close()


@pytest.fixture
def open_page(browser):
    contexts = []

    def open_in_new_browser(address, device="desktop"):
        width, height = DEVICES[device]
        viewport = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=viewport, bypass_csp=True))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.goto(address)
        return page

    yield open_in_new_browser
    for context in contexts:
        context.close()


def join(page, studio, name):
    page.fill("#passphrase", studio.passphrase)
    page.fill("#name", name)
    page.get_by_role("button", name="Join").click()
    expect(page.locator(".pupil b")).to_have_text(name)


def test_two_pupils_and_a_teacher(studio, open_page):
    ada, bob = open_page(studio.address), open_page(studio.address, "phone")
    ada.fill("#passphrase", "lemon lemon lemon lemon")
    ada.get_by_role("button", name="Join").click()
    expect(ada.locator("#error-text")).to_contain_text("not the pass phrase")
    check_accessibility(ada, "join")
    join(ada, studio, "Ada")
    join(bob, studio, "Bob")
    teacher = open_page(studio.teacher_address)
    expect(teacher.locator("#pupils li")).to_have_count(2)
    expect(teacher.locator("#passphrase")).to_have_text(studio.passphrase)

    choose_photo(ada, name="ada.png")
    start_dream(ada)
    choose_photo(bob, name="bob.png")
    start_dream(bob, iterations=2)
    expect(bob.locator("#progress-text")).to_contain_text("you are next", ignore_case=True)
    expect(ada.locator("#dreams li")).to_have_count(1)
    expect(bob.locator("#dreams li")).to_have_count(1)
    expect(teacher.locator("#class-dreams li")).to_have_count(2)
    expect(teacher.locator("#queue-text")).to_contain_text("1 picture in progress, 1 waiting")
    check_accessibility(teacher, "class teacher")
    check_accessibility(bob, "class pupil")

    projector = teacher.context.new_page()
    projector.goto(f"{studio.address}projector")
    expect(projector.locator("#how")).to_contain_text(studio.passphrase)
    teacher.get_by_role("button", name="Show on the projector: ada.png of Ada").click()
    expect(projector.locator("#caption")).to_have_text("Ada: ada.png")
    expect(projector.locator("#shown")).to_have_attribute("src", re.compile(r"preview\?n="))

    ada.click("#pause")  # gives its place to the other one
    expect(bob.locator("#done")).to_be_visible()
    teacher.get_by_role("button", name="Pause the queue").click()
    bob.click("[data-derive=seed]")
    expect(bob.locator("#progress-text")).to_contain_text("The queue is paused")
    teacher.get_by_role("button", name="Go on with the queue").click()
    expect(bob.locator("#done")).to_be_visible()
    teacher.on("dialog", lambda dialog: dialog.accept())
    teacher.get_by_role("button", name="Stop: ada.png of Ada").click()
    expect(ada.locator("#done")).to_be_visible()


def test_the_worksheet_opens_what_it_asks_for(studio, open_page):
    page = open_page(studio.address)
    join(page, studio, "Cleo")
    page.get_by_role("link", name="Worksheet").click()
    expect(page.get_by_role("heading", name="A castle from clouds")).to_be_visible()
    check_accessibility(page, "worksheet")
    page.get_by_role("link", name="Start from clouds, with the class castle").click()
    expect(page.locator("#see")).to_have_value("castle")
    expect(page.locator("#starts-from-name")).to_have_text("Generated clouds")

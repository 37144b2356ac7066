"""Takes a screenshot of every state of the studio's pages, and checks each with axe.

    python bench/studio_states.py FOLDER [STATE ...]

Writes FOLDER/STATE-WIDTH-SCHEME.png for three widths, light and dark, and prints overflow, layout
shifts and axe's findings, and before them the size and first paint of the page. Needs Chromium, and
the packages of the extra ``test``.
"""
# ruff: noqa: D103 (the name of a state says what it is)

import argparse
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.browsers import MAX_SHIFT, OBSERVE_SHIFTS, find_shifts, launch_browser, shape_files
from support.studios import Studio

WIDTHS = {390: 844, 1280: 900, 1920: 1080}  # and heights
SCHEMES = ("light", "dark")
QUICK = {"octaves": 2, "iterations": 4, "size": "320"}
SLOW = {"layer": "relu3_1", "octaves": 2, "iterations": 20_000, "size": "240"}
PHOTO = Path(__file__).parents[1] / "src/puppyslug/studio/static/pictures/sample-hills.webp"

State = Callable[["Rig"], Page]
STATES: dict[str, State] = {}


def state(make: State) -> State:
    """Register a function that brings a page into the state of its name."""
    STATES[make.__name__.strip("_").replace("_", "-")] = make
    return make


class Rig:
    """Two studios, one of them in class mode, and browsers for them; each starts when needed."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        """Start nothing yet."""
        self._browser, self._folder = browser, folder
        self._studios: dict[str, Studio] = {}
        self._dreams: dict[str, str] = {}
        self.passphrase = self.teacher_address = ""
        self.after: list[Callable[[], object]] = []  # to do after the screenshots of a state

    @property
    def studio(self) -> Studio:
        """A studio that trains on few views."""
        if "plain" not in self._studios:
            data = self._folder / "plain"
            self._studios["plain"] = Studio(data, program="support.small_studio")
        return self._studios["plain"]

    @property
    def school(self) -> Studio:
        """A studio in class mode."""
        if "class" not in self._studios:
            options = ("--class", "--host", "127.0.0.1")
            school = Studio(self._folder / "class", *options, program="support.small_studio")
            self.passphrase = school.process.stdout.readline().partition(": ")[2].strip()
            found = re.search(r"http\S+", school.process.stdout.readline())
            assert found
            self.teacher_address = found[0]
            self._studios["class"] = school
        return self._studios["class"]

    def close(self) -> None:
        """Stop the studios."""
        for studio in self._studios.values():
            studio.close()

    def open(self, address: str | None = None) -> Page:
        """Open an address, by default the studio's, in a browser of its own."""
        context = self._browser.new_context(
            viewport={"width": 1280, "height": 900}, bypass_csp=True, reduced_motion="reduce"
        )
        context.add_init_script(OBSERVE_SHIFTS)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(address or self.studio.address)
        self.after.append(context.close)
        return page

    def submit(self, **recipe: object) -> str:
        """Submit a dream of the sample photo."""
        return self.studio.dream(recipe, photo=("hills.webp", PHOTO.read_bytes()))

    def submit_slow(self) -> str:
        """Submit a dream that lasts as long as its state is looked at."""
        job = self.submit(**SLOW)
        self.after.append(lambda: self.studio.command(job, "cancel"))
        return job

    def done(self, name: str = "relu4_1") -> str:
        """Return a dream that is done."""
        if name not in self._dreams:
            self._dreams[name] = self.submit(**QUICK, layer=name)
            assert self.studio.wait(self._dreams[name], seconds=300)["status"] == "done"
        return self._dreams[name]

    def open_dream(self, job: str) -> Page:
        """Open a dream of the studio."""
        return self.open(f"{self.studio.address}#{job}")

    def choose(self) -> Page:
        """Open a page, and choose a sample."""
        page = self.open()
        page.click("[data-sample=hills]")
        page.wait_for_selector("#source-tools:visible")
        return page

    def join(self, name: str) -> Page:
        """Join the class as a pupil."""
        page = self.open(self.school.address)
        page.fill("#passphrase", self.passphrase)
        page.fill("#name", name)
        page.get_by_role("button", name="Join").click()
        page.wait_for_selector("#drop:visible")
        page.wait_for_load_state("load")
        return page

    def dream_in_class(self, name: str, *, slow: bool = False) -> Page:
        """Join, and dream of clouds; the dream may still be waiting."""
        page = self.join(name)
        page.get_by_text("Start from clouds").click()
        page.fill("#size", "240")
        page.evaluate("document.getElementById('advanced').open = true")
        page.fill("#iterations", "9999" if slow else "3")
        page.fill("#octaves", "2")
        page.evaluate("document.getElementById('advanced').open = false")
        page.click("#submit-button")
        page.wait_for_selector("#running:visible")
        return page


def tab(page: Page, name: str) -> None:
    """Open a tab of the settings."""
    page.locator(".tabs").get_by_text(name, exact=True).click()


@state
def empty(rig: Rig) -> Page:
    return rig.open()


@state
def choosing(rig: Rig) -> Page:
    rig.done()
    return rig.choose()


@state
def choosing_a_class(rig: Rig) -> Page:
    page = rig.choose()
    tab(page, "Class")
    page.fill("#see", "cas")
    page.wait_for_selector("#see-list li")
    return page


@state
def trying_looks(rig: Rig) -> Page:
    page = rig.choose()
    page.click("#try-looks")
    page.wait_for_timeout(8000)
    return page


@state
def painting(rig: Rig) -> Page:
    page = rig.choose()
    page.click("#paint")
    box = page.locator("#brush").bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 160, steps=4)
    page.mouse.up()
    return page


@state
def more_settings(rig: Rig) -> Page:
    page = rig.choose()
    tab(page, "Guide picture")
    page.click("#advanced summary")
    return page


@state
def queued(rig: Rig) -> Page:
    rig.submit_slow()
    rig.submit_slow()
    page = rig.open_dream(rig.submit_slow())
    page.wait_for_selector("#running[data-status=queued]")
    page.click("#queue summary")
    return page


@state
def running(rig: Rig) -> Page:
    job = rig.submit_slow()
    rig.studio.wait_for_step(job)
    page = rig.open_dream(job)
    page.wait_for_selector("#after[data-preview]")
    return page


@state
def paused(rig: Rig) -> Page:
    page = running(rig)
    page.click("#pause")
    page.wait_for_selector("#running[data-status=paused]")
    return page


@state
def steered(rig: Rig) -> Page:
    page = running(rig)
    page.click("#steer-details > summary")
    page.locator("#steer-layers label").nth(3).click()
    page.click("#steer-button")
    page.get_by_text("Changed from the next step on").wait_for()
    return page


@state
def steering_by_portraits(rig: Rig) -> Page:
    page = running(rig)
    page.click("#steer-details > summary")
    page.click("#steer-atlas summary")
    page.wait_for_selector("#steer-atlas .portraits button")
    return page


@state
def failed(rig: Rig) -> Page:
    job = rig.submit(**QUICK, layer="relu3_1", mask="see(zebra)")
    rig.studio.wait(job, "failed")
    page = rig.open_dream(job)
    page.wait_for_selector("#done:visible")
    return page


@state
def server_gone(rig: Rig) -> Page:
    page = running(rig)
    rig.after.append(lambda: rig.studio.process.send_signal(signal.SIGCONT))
    rig.studio.process.send_signal(signal.SIGSTOP)
    page.wait_for_selector("#offline:visible")
    return page


@state
def done(rig: Rig) -> Page:
    page = rig.open_dream(rig.done())
    page.wait_for_selector("#seen-after li")
    page.evaluate("document.getElementById('compare-slider').value = 50")
    page.dispatch_event("#compare-slider", "input")
    return page


@state
def seen_where(rig: Rig) -> Page:
    page = done(rig)
    page.locator("#seen-after button").first.click()
    page.wait_for_selector("#heat:visible")
    return page


@state
def selecting(rig: Rig) -> Page:
    for name in ("relu2_2", "relu3_1", "relu4_1", "relu5_1"):
        rig.done(name)
    page = rig.open()
    page.click("#select")
    for name in ("relu2_2", "relu3_1", "relu4_1", "relu5_1"):
        page.click(f'#dreams li[data-id="{rig.done(name)}"] button')
    return page


@state
def compared(rig: Rig) -> Page:
    page = selecting(rig)
    page.click("#select-compare")
    page.wait_for_selector("#tiles img")
    page.wait_for_timeout(1000)
    return page


@state
def atlas(rig: Rig) -> Page:
    page = rig.choose()
    tab(page, "Layer")
    page.click("#atlas summary")
    page.wait_for_selector("#portraits button")
    return page


@state
def zoom_dialog(rig: Rig) -> Page:
    page = rig.open_dream(rig.done())
    page.click("[data-derive=zoom]")
    page.wait_for_selector("#zoom[open]")
    return page


@state
def keys(rig: Rig) -> Page:
    page = rig.open()
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    return page


@state
def teach(rig: Rig) -> Page:
    page = rig.open(f"{rig.studio.address}teach")
    page.wait_for_selector("#classes > li")
    return page


@state
def taught(rig: Rig) -> Page:
    page = teach(rig)
    for kind, item in zip(("stripes", "discs"), page.locator("#classes > li").all(), strict=True):
        item.locator(".class-name input").fill(kind)
        item.locator("[type=file]").set_input_files(shape_files(kind, 5))
        item.locator(".picture").nth(4).wait_for()
    page.fill("#name", "shapes")
    page.click("#submit-button")
    page.locator("#class-results li").nth(1).wait_for(timeout=300_000)
    page.set_input_files("#try-file", shape_files("stripes", 1))
    page.wait_for_selector("#try-bars li")
    return page


@state
def joining(rig: Rig) -> Page:
    page = rig.open(rig.school.address)
    page.fill("#passphrase", "lemon lemon lemon lemon")
    page.get_by_role("button", name="Join").click()
    page.wait_for_selector("#error:visible")
    return page


@state
def class_pupil(rig: Rig) -> Page:
    rig.dream_in_class("Ada", slow=True)
    page = rig.dream_in_class("Bob")
    page.get_by_text("you are next", exact=False).first.wait_for()
    return page


@state
def class_teacher(rig: Rig) -> Page:
    for name in ("Ada", "Ben", "Chi"):
        rig.dream_in_class(name, slow=name == "Chi")
    page = rig.open(rig.teacher_address)
    page.wait_for_selector("#class-dreams li")
    page.wait_for_timeout(2000)
    return page


@state
def projector_before(rig: Rig) -> Page:
    teacher = rig.open(rig.teacher_address or f"{rig.school.address}{rig.teacher_address}")
    page = teacher.context.new_page()
    page.goto(f"{rig.school.address}projector")
    page.wait_for_selector("#how:visible")
    return page


@state
def projector(rig: Rig) -> Page:
    teacher = class_teacher(rig)
    page = teacher.context.new_page()
    page.goto(f"{rig.school.address}projector")
    teacher.get_by_role("button", name="Show on the projector").first.click()
    page.wait_for_selector("#shown:visible")
    page.wait_for_timeout(1000)
    return page


@state
def worksheet(rig: Rig) -> Page:
    page = rig.join("Dora")
    page.get_by_role("link", name="Worksheet").click()
    page.wait_for_selector(".worksheet h2")
    return page


def take(page: Page, name: str, folder: Path) -> Iterator[str]:
    """Take the screenshots of a state; yield what is wrong."""
    total, nodes = find_shifts(page)
    if total > MAX_SHIFT:
        yield f"layout shift {total:.3f}, most by {nodes[:4]}"
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_timeout(250)
            at = f"{width} {scheme}"
            if page.evaluate("document.documentElement.scrollWidth") > width:
                yield f"{at}: wider than the page"
            modal = page.evaluate("document.querySelector('dialog[open]') !== null")
            page.add_style_tag(content=".go { position: static !important; }")  # on whole pages
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=not modal)
            for one in Axe().run(page).response["violations"]:
                targets = [node["target"] for node in one["nodes"]]
                yield f"{at}: axe {one['impact']} {one['id']} {targets[:3]}"


def describe_loading(rig: Rig) -> str:
    """Return how large the page is without pictures, and when it is painted first."""
    script = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    paints = []
    for _ in range(5):
        page = rig.open()
        paints.append(page.evaluate(script))
    urls = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    static = sorted({page.url, *(url for url in urls if "/static/" in url)})
    sizes = {url: len(rig.studio.client.get(url).content) for url in static}
    pictures = sum(size for url, size in sizes.items() if url.endswith(".webp"))
    text = sum(sizes.values()) - pictures
    return (
        f"page: {text / 1000:.0f} kB and {pictures / 1000:.0f} kB of pictures, first paint after "
        f"{sorted(paints)[2]:.0f} ms (median), {max(paints):.0f} at most"
    )


@contextmanager
def rig_in(folder: Path) -> Iterator[Rig]:
    """Create a rig with its data in a folder; close it afterwards."""
    with launch_browser() as browser:
        rig = Rig(browser, folder)
        yield rig
        rig.close()


def main() -> None:
    """Take all screenshots, or those of some states."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("states", nargs="*", help=f"default: all of {', '.join(STATES)}")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, rig_in(Path(data)) as rig:
        print(describe_loading(rig), flush=True)
        for name in options.states or STATES:
            try:
                page = STATES[name](rig)
                problems = list(take(page, name, options.folder))
                print(name, *(problems or ["fine"]), sep="\n  ", flush=True)
            finally:
                for undo in reversed(rig.after):
                    undo()
                rig.after.clear()


if __name__ == "__main__":
    main()

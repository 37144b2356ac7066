"""The page that trains networks, in a real browser."""

import pytest
import torch
from playwright.sync_api import expect
from safetensors.torch import save_file

from puppyslug.networks.finetuned import FinetunedHeader, header_metadata
from support.browsers import (
    DEVICES,
    check_accessibility,
    drop_files,
    fill_advanced,
    open_page,
    shape_files,
)


def test_a_network_is_trained_and_dreams_see_its_classes(page, studio, problems):
    page.get_by_role("link", name="Teach", exact=True).click()
    expect(page.locator("#classes > li")).to_have_count(2)
    stripes, discs = page.locator("#classes > li").all()
    drop_files(stripes, shape_files("stripes", 4))
    stripes.locator(".class-name input").fill("my stripes")
    page.locator("#name").focus()
    discs.locator("[type=file]").set_input_files(
        [*shape_files("discs", 4), {"name": "x.png", "mimeType": "image/png", "buffer": b"none"}]
    )
    expect(page.locator("#error")).to_contain_text("x.png")
    assert "422" in problems.pop()
    for item in (stripes, discs):
        expect(item.locator(".picture")).to_have_count(4)
        expect(item.locator(".count")).to_contain_text("4 pictures")
    for name, part in (("", "Enter a name"), ("shapes", "Class 2")):
        page.fill("#name", name)
        page.click("#submit-button")
        expect(page.locator("#error")).to_contain_text(part)
    problems.clear()
    discs.locator(".class-name input").fill("discs")
    discs.get_by_role("button", name="Remove discs 0.png").click()
    expect(discs.locator(".picture")).to_have_count(3)
    page.reload()
    expect(page.locator(".picture")).to_have_count(7)
    assert page.locator(".class-name input").nth(0).input_value() == "my stripes"
    page.click("#submit-button")
    expect(page.locator("#progress-text")).to_contain_text("left", timeout=60_000)
    page.click("#stop", timeout=240_000)
    expect(page.locator("#running")).to_be_hidden(timeout=120_000)
    expect(page.locator("#class-results li")).to_have_count(2)
    expect(page.locator("#class-results li").nth(1)).to_contain_text("learned from")
    page.set_input_files("#try-file", shape_files("stripes", 1))
    expect(page.locator("#try-bars li").first).to_contain_text("my stripes")
    page.get_by_role("link", name="Dream of my stripes").click()
    dream_of_class(page, studio, "shapes.safetensors", "my stripes")
    page.goto(f"{studio.address}teach")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete shapes").click()
    expect(page.locator("#no-training-jobs")).to_be_visible()
    assert list((studio.data / "networks").iterdir()) == []


def dream_of_class(page, studio, network, name):
    """Dream of the class that the form has, then restore the settings from the result."""
    expect(page.locator("#see")).to_have_value(name)
    page.get_by_text("Start from clouds").click()
    page.fill("#size", "96")
    fill_advanced(page, octaves=1, iterations=3)
    page.click("#submit-button")
    expect(page.locator("#done")).to_be_visible()
    recipe = studio.get(page.url.rpartition("#")[2])["recipe"]
    assert recipe["network"] == network
    assert name in recipe["objective"]
    page.click("#reuse")
    expect(page.locator("#source-tools")).to_be_visible()
    assert page.input_value("#see-network") == network
    page.fill("#see", name[:5])
    expect(page.locator("#see-list li").first).to_contain_text(name)


def test_a_network_that_is_copied_into_the_data_folder_is_listed(page, studio):
    header = FinetunedHeader(
        base="efficientnet_lite0",
        base_weights="0" * 64,
        new_classes=("my boat",),
        confidence_threshold=0.5,
        licence="",
        image_counts=(3,),
        holdout=None,
        seed=0,
        trained_last_block=False,
    )
    path = studio.data / "networks" / "copied.safetensors"
    save_file({"empty": torch.zeros(1)}, path, header_metadata(header))
    page.goto(f"{studio.address}teach")
    page.get_by_role("button", name="copied my boat").click()
    expect(page.locator("#see")).to_have_value("my boat")
    assert page.input_value("#see-network") == path.name
    page.goto(f"{studio.address}teach")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete copied").click()
    expect(page.get_by_role("button", name="copied")).to_have_count(0)
    assert not path.exists()


@pytest.mark.parametrize("device", DEVICES)
def test_the_page_is_accessible_in_every_state(browser, studio, device):
    page = open_page(browser, f"{studio.address}teach", device)
    check_accessibility(page, "empty")
    for kind, item in zip(("stripes", "discs"), page.locator("#classes > li").all(), strict=True):
        item.locator(".class-name input").fill(kind)
        item.locator("[type=file]").set_input_files(shape_files(kind, 3))
        expect(item.locator(".picture")).to_have_count(3)
    page.click("#add-negatives")
    page.locator("#teach summary").click()
    check_accessibility(page, "with pictures")
    page.locator("#classes > li").nth(2).locator(".remove").click()
    page.fill("#name", device)
    page.locator("#submit-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#progress-text")).to_contain_text("left", timeout=60_000)
    check_accessibility(page, "running")
    page.click("#cancel")
    expect(page.locator("#running")).to_be_hidden(timeout=30_000)
    check_accessibility(page, "cancelled")
    page.context.close()

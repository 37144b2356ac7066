"""Undo and redo of the settings, apart from the strokes of the mask."""

import pytest
from playwright.sync_api import expect

from support.browsers import choose_photo


def value(page, field):
    return page.input_value(f"#{field}")


def open_advanced(page):
    page.evaluate("document.getElementById('advanced').open = true")


def change(page, field, text):
    page.fill(f"#{field}", text)
    page.locator(f"#{field}").blur()


def test_changes_are_undone_and_redone_by_buttons(page):
    open_advanced(page)
    expect(page.locator("#undo-settings")).to_be_disabled()
    change(page, "jitter", "7")
    change(page, "size", "480")
    page.select_option("#palette", "vivid")
    page.check("#keep_colours")
    page.click("#undo-settings")
    expect(page.locator("#keep_colours")).not_to_be_checked()
    page.click("#undo-settings")
    expect(page.locator("#palette")).to_have_value("")
    page.click("#undo-settings")
    expect(page.locator("#size")).to_have_value("")
    assert value(page, "jitter") == "7"
    page.click("#undo-settings")
    expect(page.locator("#jitter")).to_have_value("")
    expect(page.locator("#undo-settings")).to_be_disabled()
    expect(page.locator("#submit-button")).to_be_focused()  # not lost on a disabled button
    for _ in range(4):
        page.click("#redo-settings")
    expect(page.locator("#keep_colours")).to_be_checked()
    assert [value(page, name) for name in ("jitter", "size", "palette")] == ["7", "480", "vivid"]
    expect(page.locator("#redo-settings")).to_be_disabled()
    page.click("#undo-settings")
    change(page, "size", "640")  # another way than the one that was undone
    expect(page.locator("#redo-settings")).to_be_disabled()


def test_the_choice_of_what_to_amplify_is_undone(page):
    page.locator("label", has=page.locator("input[value=eyes]")).click()
    page.locator(".tabs").get_by_text("Layer", exact=True).click()
    page.select_option("#network", "efficientnet_lite0")
    page.locator("#layers").get_by_text("block_8").click()
    change(page, "channel", "5")
    for _ in range(3):
        page.click("#undo-settings")
    expect(page.locator("#network")).to_have_value("vgg19")
    expect(page.locator("#any-layer option").first).to_contain_text("conv1_1")
    page.click("#undo-settings")
    expect(page.locator("[name=preset][value=eyes]")).to_be_checked()
    page.click("#undo-settings")
    expect(page.locator("[name=preset][value=classic]")).to_be_checked()
    for _ in range(5):
        page.click("#redo-settings")
    expect(page.locator("#any-layer")).to_have_value("block_8")
    expect(page.locator("#layers [value=block_8]")).to_be_checked()
    assert value(page, "channel") == "5"


def test_a_drag_of_a_slider_is_one_step(page):
    slider = page.locator(".slider", has=page.locator("#strength")).locator(".range")
    slider.evaluate("it => it.scrollIntoView({ block: 'center' })")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    expect(page.locator("#undo-settings")).to_be_enabled()
    dragged = value(page, "strength")
    assert float(dragged) < 0.5
    page.click("#undo-settings")
    expect(page.locator("#strength")).to_have_value("")
    expect(page.locator("#undo-settings")).to_be_disabled()
    page.click("#redo-settings")
    assert value(page, "strength") == dragged
    assert slider.input_value() == dragged


def test_clearing_the_settings_and_those_of_a_recipe_are_undone(page, studio):
    recipe = {"layer": "relu1_1", "octaves": 1, "iterations": 1, "photo": "clouds", "size": "64x48"}
    job = studio.dream({**recipe, "octave_scale": 1.5, "method": "octaves", "place": "0.2,0.3"})
    studio.wait(job, "done")
    open_advanced(page)
    change(page, "jitter", "7")
    page.locator(f'#dreams li[data-id="{job}"] button').click()
    page.click("#reuse")
    expect(page.locator("#carried-list li")).to_contain_text(["Place"])
    assert (value(page, "octave_scale"), value(page, "jitter")) == ("1.5", "")
    page.get_by_role("button", name="Remove: Place").click()
    expect(page.locator("#carried")).to_be_hidden()
    page.click("#undo-settings")
    expect(page.locator("#carried-list li")).to_contain_text(["Place"])
    page.click("#undo-settings")
    expect(page.locator("#jitter")).to_have_value("7")
    expect(page.locator("#carried")).to_be_hidden()
    page.click("#reset")
    expect(page.locator("#jitter")).to_have_value("")
    page.click("#undo-settings")
    expect(page.locator("#jitter")).to_have_value("7")


@pytest.mark.parametrize("redo", ["Control+Shift+z", "Control+y"])
def test_keys_undo_outside_text_fields_only(page, redo):
    page.locator("#strength").fill("0.5")
    page.keyboard.press("Control+z")  # the field's own undo
    expect(page.locator("#strength")).not_to_have_value("0.5")
    change(page, "strength", "0.7")
    page.locator("input[value=preset]").focus()
    page.keyboard.press("Control+z")
    expect(page.locator("#strength")).to_have_value("")
    page.keyboard.press(redo)
    expect(page.locator("#strength")).to_have_value("0.7")
    page.keyboard.press("?")
    page.keyboard.press("Control+z")  # while a dialog is open
    expect(page.locator("#strength")).to_have_value("0.7")


def test_strokes_and_settings_are_undone_each_where_the_focus_is(page):
    choose_photo(page)
    page.locator("#size").blur()
    page.click("#paint")
    page.locator("#brush").click(position={"x": 20, "y": 20})
    page.locator("input[value=preset]").focus()
    page.keyboard.press("Control+z")
    expect(page.locator("#size")).to_have_value("")
    expect(page.locator("#undo")).to_be_enabled()
    page.locator("#paint").focus()
    page.keyboard.press("Control+z")
    expect(page.locator("#undo")).to_be_disabled()
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("#undo")).to_be_enabled()
    expect(page.locator("#size")).to_have_value("")
    page.click("#paint")  # without the mask, the keys are those of the settings
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("#size")).to_have_value("96")

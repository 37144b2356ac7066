"""Type checkers refuse what does not exist, and accept what does."""

import re
import sys

import pytest

from puppyslug.recipe import Recipe
from puppyslug.recipe.dream_settings import DreamSettings

api = pytest.importorskip("mypy.api")

LINES = """
import puppyslug
from puppyslug import Dreem  # wrong
from puppyslug import Photo, Portrait, PortraitStep, ChannelResponse, Objective, Term, LayerInfo
from torch import nn

puppyslug.nonexistent  # wrong
own = puppyslug.Network.from_module(nn.Sequential(nn.Conv2d(3, 4, 3)))
puppyslug.dream("cat.png", itertions=3)  # wrong
puppyslug.dream("cat.png", iterations="three")  # wrong
puppyslug.dream("cat.png", network=own, iterations=3, size=640, objective="0:1")
puppyslug.dream("cat.png", recipe=puppyslug.Recipe.complete({}), on_step=lambda step: step.score)
puppyslug.dream(3)  # wrong
photo: Photo = puppyslug.load_image("cat.png")
for step in puppyslug.dream_steps(photo, puppyslug.Recipe.complete({}, own.spec), own):
    step.to_pil().save("a.png")
    step.skore  # wrong
objective: Objective = (puppyslug.layer("0") + puppyslug.channel("0", 1)) / 2
portrait: Portrait = puppyslug.portrait([objective, "0:3"], own, size=64)
puppyslug.redo("a.png", network=own).save("b.png")
layers: tuple[LayerInfo, ...] = own.layers
puppyslug.see(None)  # wrong
"""


@pytest.mark.slow
def test_mypy_refuses_wrong_lines_only(tmp_path):
    file = tmp_path / "lines.py"
    file.write_text(LINES)
    options = ["--no-error-summary", "--python-executable", sys.executable]
    output, problems, _ = api.run(
        [*options, "--config-file", "", "--follow-imports", "silent", str(file)]
    )
    assert not problems
    refused = {int(number) for number in re.findall(r"lines\.py:(\d+): error", output)}
    wrong = {n for n, line in enumerate(LINES.splitlines(), 1) if line.endswith("# wrong")}
    assert refused == wrong, output


def test_the_keywords_of_dream_are_the_fields_of_a_recipe_and_the_shorthand():
    shorthand = {"layer", "see", "channel", "strongest", "guide"}
    assert set(DreamSettings.__annotations__) == set(Recipe.model_fields) - {"network"} | shorthand

"""Type checkers refuse what does not exist, and accept what does."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

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
portrait.to_sheet().save("sheet.png")
value: float = puppyslug.score(objective, photo, own)
puppyslug.score(photo, objective)  # wrong
puppyslug.redo("a.png", network=own).save("b.png")
layers: tuple[LayerInfo, ...] = own.layers
puppyslug.see(None)  # wrong
own_objective: Objective = 2 * puppyslug.objective(lambda a: a.mean((1, 2, 3)), "0")
puppyslug.objective("0:3", "0")  # wrong
drawn = puppyslug.portrait_steps(["0:3"], own, size=64, learning_rate=0.1)
puppyslug.portrait_steps(["0:3"], own, lerning_rate=0.1)  # wrong
grey = puppyslug.Network.from_module(nn.Conv2d(1, 4, 3), channels=(0,), labels=["a"], output=0)
puppyslug.Network.from_module(nn.Conv2d(1, 4, 3), chanels=(0,))  # wrong
"""
WRONG = {n for n, line in enumerate(LINES.splitlines(), 1) if line.endswith("# wrong")}


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
    assert refused == WRONG, output


def find_pyright():
    """The command of pyright, in this environment or on the path; None where there is none."""
    beside = Path(sys.executable).with_name("pyright")
    return str(beside) if beside.is_file() else shutil.which("pyright")


@pytest.mark.slow
@pytest.mark.skipif(find_pyright() is None, reason="pyright is not installed")
def test_pyright_refuses_wrong_lines_only(tmp_path):
    file = tmp_path / "lines.py"
    file.write_text(LINES)
    command = [find_pyright(), "--outputjson", "--pythonpath", sys.executable, str(file)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if not result.stdout.startswith("{"):
        pytest.skip(f"pyright cannot run: {result.stderr[-200:]}")
    found = json.loads(result.stdout)["generalDiagnostics"]
    errors = [one for one in found if one["severity"] == "error"]
    refused = {one["range"]["start"]["line"] + 1 for one in errors}
    assert refused == WRONG, errors


def test_the_keywords_of_dream_are_the_fields_of_a_recipe_and_the_shorthand():
    shorthand = {"layer", "see", "channel", "strongest", "guide", "matching"}
    assert set(DreamSettings.__annotations__) == set(Recipe.model_fields) - {"network"} | shorthand

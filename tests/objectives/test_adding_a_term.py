"""A new term is one file: the example of the documentation works without any other change."""

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import puppyslug
from puppyslug.engine.loop import dream_steps
from puppyslug.engine.term_context import DreamTermContext
from puppyslug.errors import ObjectiveError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.objectives import parse_objective
from puppyslug.objectives.term import unregister_term
from puppyslug.recipe import Recipe

PAGE = Path(__file__).parents[2] / "docs/objectives.md"
TEXT = 'cosine(relu2, "vector.npy")'


@pytest.fixture
def vector(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(2).normal(size=6)
    np.save("vector.npy", values)
    return values


@pytest.fixture
def _cosine_term(tmp_path):
    """Import the example from a temporary module."""
    section = PAGE.read_text(encoding="utf-8").partition("## How to add a term")[2]
    path = tmp_path / "cosine_example.py"
    path.write_text(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("cosine_example", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["cosine_example"] = module
    spec.loader.exec_module(module)
    yield
    unregister_term(module.CosineTerm)
    del sys.modules["cosine_example"]


pytestmark = pytest.mark.usefixtures("_cosine_term", "vector")


def test_it_is_parsed_and_printed():
    objective = parse_objective(f"2*{TEXT} - relu1")
    assert str(objective) == f"2*{TEXT} - relu1"
    assert objective.layers == ("relu2", "relu1")
    assert puppyslug.Recipe.complete({"objective": TEXT}).objective == TEXT
    for text in ("cosine(relu2)", 'cosine(relu2, "../vector.npy")', 'cosine(relu2, "vector.pt")'):
        with pytest.raises(ObjectiveError, match="cosine"):
            parse_objective(text)


def test_its_score_is_the_mean_cosine(toy, picture, vector):
    objective = parse_objective(TEXT).bind(DreamTermContext(toy, picture, {}))
    activation = toy.activations(picture, ["relu2"])["relu2"][0].detach().numpy().reshape(6, -1)
    lengths = np.maximum(np.linalg.norm(activation, axis=0), 1e-6)
    expected = (vector @ activation / (np.linalg.norm(vector) * lengths)).mean()
    whole = value_and_gradient(toy, objective, picture)
    assert whole[0].item() == pytest.approx(expected, abs=1e-5)
    tiled = value_and_gradient(toy, objective, picture, (12, 18))
    assert torch.allclose(tiled[0], whole[0], atol=1e-5)
    assert (tiled[1] - whole[1]).abs().max() <= 1e-4 * whole[1].abs().mean()


def test_its_score_rises_in_a_dream(toy, picture):
    recipe = Recipe.complete({"objective": TEXT, "octaves": 1, "iterations": 8, "jitter": 0})
    steps = list(dream_steps(picture, recipe, toy))
    assert steps[-1].score > steps[0].score
    saved = steps[-1].recipe.model_copy(update={"network": recipe.network}).to_json()
    (*_, redone) = dream_steps(picture, Recipe.from_json(saved), toy)
    assert torch.equal(redone.image, steps[-1].image)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones(5), r"\(5,\).*\(6,\)"),
        (np.ones((2, 3)), r"\(2, 3\).*\(6,\)"),
        (np.zeros(6), "all 0"),
        (np.full(6, np.nan), "finite"),
        (np.array(["a"] * 6), "read"),
        (np.array([{}] * 6), "read"),
    ],
)
def test_a_vector_that_does_not_suit_the_layer_is_refused(toy, picture, values, message):
    np.save("vector.npy", values)
    recipe = Recipe.complete({"objective": TEXT, "octaves": 1, "iterations": 1})
    with pytest.raises(ObjectiveError, match=rf"vector\.npy.*{message}"):
        next(dream_steps(picture, recipe, toy))


def test_a_vector_that_is_missing_is_refused(toy, picture):
    Path("vector.npy").unlink()
    with pytest.raises(ObjectiveError, match=r"vector\.npy"):
        parse_objective(TEXT).bind(DreamTermContext(toy, picture, {}))

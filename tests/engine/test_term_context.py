"""What the terms of an objective can ask of a dream."""

import pytest
import torch

from puppyslug.engine.term_context import DreamTermContext
from puppyslug.errors import ObjectiveError
from puppyslug.recognition.classification import compute_logits


def test_a_reference_is_found_by_name(toy, picture):
    context = DreamTermContext(toy, picture, {"flowers.jpg": 1 - picture})
    assert torch.equal(context.reference("flowers.jpg"), 1 - picture)
    with pytest.raises(ObjectiveError, match=r"trees\.jpg"):
        context.reference("trees.jpg")


def test_activation_maps_are_those_of_the_dreams_image_by_default(toy, picture):
    context = DreamTermContext(toy, picture, {})
    expected = toy.activations(picture, ["relu1"])["relu1"]
    assert torch.allclose(context.activation_map("relu1"), expected, atol=1e-6)
    other = toy.activations(1 - picture, ["relu1"])["relu1"]
    assert torch.allclose(context.activation_map("relu1", 1 - picture), other, atol=1e-6)


def test_logits_are_those_of_the_image(toy, picture):
    context = DreamTermContext(toy, picture, {})
    assert torch.equal(context.logits(), compute_logits(toy, picture))
    assert context.logits() is context.logits()


def test_values_are_computed_once_for_each_key(toy, picture):
    context = DreamTermContext(toy, picture, {})
    calls = []
    for key in ("a", "b", "a"):
        assert context.cached(key, lambda key=key: calls.append(key) or key) == key
    assert calls == ["a", "b"]

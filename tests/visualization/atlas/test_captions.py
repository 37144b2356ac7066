"""Captions: a classifier's guesses for a portrait."""

import pytest
import torch

from puppyslug.recognition.classification import classify
from puppyslug.visualization.atlas.captions import MAX_GUESSES, caption_portrait


def test_a_caption_is_the_classification_of_the_portrait(toy):
    portrait = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    caption = caption_portrait(portrait, toy)
    expected = classify(portrait, network=toy, top=MAX_GUESSES)
    assert caption.sure == expected.sure
    assert [one.name for one in caption.guesses] == [one.name for one in expected.guesses]
    assert sum(one.probability for one in caption.guesses) == pytest.approx(1, abs=1e-3)

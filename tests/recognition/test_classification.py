"""Classification of images."""

import pytest
import skimage.data
import torch
from PIL import Image

from puppyslug.networks.loader import load_network
from puppyslug.networks.specs import FinetunedHead
from puppyslug.recognition.class_maps import class_map
from puppyslug.recognition.classification import (
    MAX_ASPECT_RATIO,
    calibrate_logits,
    classify,
    compute_logits,
    new_class_probabilities,
    resize_for_classifier,
)


@pytest.fixture(scope="module")
def classifier():
    return load_network("efficientnet_lite0", precision="float32", device="cpu")


def test_a_cat_is_classified(classifier):
    cat = torch.from_numpy(skimage.data.chelsea()).permute(2, 0, 1)[None] / 255
    result = classify(cat, network=classifier, top=3)
    assert result.sure
    assert result.thing is None
    assert len(result.guesses) == 3
    assert result.guesses[0].name in {"Egyptian cat", "tabby", "tiger cat"}


def test_probabilities_descend_and_add_up_to_1(classifier):
    result = classify(Image.fromarray(skimage.data.chelsea()), network=classifier, top=1000)
    probabilities = [guess.probability for guess in result.guesses]
    assert sum(probabilities) == pytest.approx(1, abs=1e-3)
    assert probabilities == sorted(probabilities, reverse=True)
    assert len({guess.number for guess in result.guesses}) == 1000


def test_a_grey_image_is_not_sure(classifier):
    assert not classify(torch.full((1, 3, 300, 40), 0.5), network=classifier).sure


def test_logits_are_the_mean_of_the_class_map(toy, picture):
    resized = resize_for_classifier(picture, toy.spec.trained_at)
    expected = class_map(toy, resized).mean((0, 2, 3))
    assert torch.allclose(compute_logits(toy, picture), expected)


@pytest.mark.parametrize(
    ("size", "resized"),
    [((100, 200), (50, 100)), ((30, 60), (50, 100)), ((20, 999), (50, MAX_ASPECT_RATIO * 50))],
)
def test_images_are_resized_to_the_shorter_side(size, resized):
    assert resize_for_classifier(torch.rand(1, 3, *size), 50).shape[-2:] == resized


def test_calibration_shifts_the_new_classes_and_scales_all():
    head = FinetunedHead(
        base="toy", new_classes=("a", "b"), logit_scale=2.0, logit_bias=0.5,
        confidence_threshold=0.5,
    )  # fmt: skip
    calibrated = calibrate_logits(torch.tensor([1.0, 2.0, 3.0, 4.0]), head)
    assert calibrated.tolist() == [3.0, 5.0, 6.0, 8.0]


def test_the_base_classes_count_as_none():
    probabilities = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    assert torch.allclose(
        new_class_probabilities(probabilities, 2), torch.tensor([[0.1, 0.2, 0.7]])
    )

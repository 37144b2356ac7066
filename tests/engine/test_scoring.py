"""The score of an image, whatever dreamt it."""

import pytest
import torch

import puppyslug
from puppyslug.errors import ImageError, NetworkError, ObjectiveError
from puppyslug.images import to_pil
from support.dream_runs import last_step, toy_recipe


def test_scores_are_those_of_the_documented_formulas(toy, picture):
    with torch.no_grad():
        found = toy.activations(picture, ["relu2", "conv1", "labels"])
    relu2, conv1 = found["relu2"].double(), found["conv1"].double()
    logits = found["labels"].double().mean((2, 3))[0]
    probe = torch.linspace(-1, 1, 4)

    def cosine(activation):
        return torch.nn.functional.cosine_similarity(activation, probe[:, None, None], dim=1)

    expected = {
        "relu2": relu2.square().mean() / 2,
        "conv1:3": conv1[:, 3].mean(),
        "conv1:3@5,7": conv1[0, 3, 5, 7],
        "labels:2": logits[2],
        "2*relu2 - 0.5*conv1:1": relu2.square().mean() - conv1[:, 1].mean() / 2,
    }
    for objective, value in expected.items():
        score = puppyslug.score(objective, picture, toy)
        assert isinstance(score, float)
        assert score == pytest.approx(float(value), rel=1e-4, abs=1e-6)
    see = puppyslug.score(puppyslug.see("goldfish"), picture, toy)
    assert see == pytest.approx(float(logits.log_softmax(0)[1]), rel=1e-4)
    own = puppyslug.score(puppyslug.objective(cosine, "conv1"), picture, toy)
    assert own == pytest.approx(float(cosine(conv1.float()).mean()), rel=1e-4)


def test_files_pillow_images_and_tensors_have_the_same_score(toy, picture, tmp_path):
    to_pil(picture).save(tmp_path / "picture.png")
    photo = puppyslug.load_image(tmp_path / "picture.png")
    scores = {
        puppyslug.score("relu2", one, toy)
        for one in (photo, photo.image, to_pil(picture), tmp_path / "picture.png")
    }
    assert len(scores) == 1


def test_a_dream_raises_the_score_by_which_seeds_can_be_compared(toy, picture):
    """Steps of other seeds have scores of other emphases of the channels, and of other views."""
    for seed in (0, 5):
        recipe = toy_recipe(octaves=1, seed=seed)
        dream = last_step(picture, recipe, toy).picture()
        assert puppyslug.score("relu2", dream, toy) > puppyslug.score("relu2", picture, toy)
    first = next(puppyslug.dream_steps(picture, toy_recipe(octaves=1, jitter=0), toy))
    assert puppyslug.score("relu2", picture, toy) == pytest.approx(first.score, rel=1e-5)


@pytest.mark.parametrize(
    ("objective", "image", "error", "named"),
    [
        ("relu9", (40, 40), NetworkError, "relu9"),
        ("relu2:6", (40, 40), ObjectiveError, "channel 6"),
        ("relu2", (40, 1), ImageError, "relu2, which needs 2 pixels"),
        ('guide("a.png", relu2)', (40, 40), ObjectiveError, r"a\.png"),
        (37, (40, 40), ObjectiveError, "37"),
    ],
)
def test_what_has_no_score_is_refused(toy, objective, image, error, named):
    with pytest.raises(error, match=named):
        puppyslug.score(objective, torch.rand(1, 3, *image), toy)

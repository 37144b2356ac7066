"""The report of a training session, with and without a holdout."""

from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binomtest

from puppyslug.training import report, session, teach
from puppyslug.training.report import report_steps
from support.training_images import save_random_images, shorten_training

CLASSES = ("<b>hat", "cup")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    for number, name in enumerate(CLASSES):
        save_random_images(folder / name, 5, number)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUPPYSLUG_CACHE", str(tmp_path_factory.mktemp("cache")))
        shorten_training(patch, blends=0, generated=1)
        patch.setattr(session, "error_rate", lambda *_: 0.0)
        return teach(folder)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write the report of a network, with portraits of two steps; return progress and text."""
    settings = report.CLASS_SETTINGS._replace(size=48, steps=2)
    monkeypatch.setattr(report, "CLASS_SETTINGS", settings)

    def write(trained):
        network = tmp_path / "mine.safetensors"
        trained.save(network, overwrite=True)
        progress = list(report_steps(trained, network, tmp_path / "mine.html"))
        return progress, (tmp_path / "mine.html").read_text(encoding="utf-8")

    return write


def with_mistake(trained):
    """The same network, as if its first holdout image had been assigned to the wrong class."""
    first, *rest = trained.holdout_predictions
    wrong = next(name for name in CLASSES if name != first.class_name)
    return replace(trained, holdout_predictions=(first._replace(predicted=wrong), *rest))


def test_the_report_shows_accuracy_portraits_and_class_maps(trained, write):
    progress, text = write(trained)
    holdout = trained.header.holdout
    total = sum(map(sum, holdout.counts))
    correct = sum(row[index] for index, row in enumerate(holdout.counts))
    low, high = binomtest(correct, total).proportion_ci(method="wilson")
    assert f"{correct} of {total}" in text
    assert f"{100 * low:.0f} to {100 * high:.0f} %" in text
    assert text.count('class="portrait"') == 2
    assert text.count('alt="Where') == len(trained.holdout_predictions)
    fractions = [one.fraction for one in progress]
    assert fractions == sorted(fractions) and fractions[-1] <= 1


def test_the_report_is_self_contained_and_escapes_names(trained, write):
    _, text = write(trained)
    assert "<b>hat" not in text and "&lt;b&gt;hat" in text
    assert "http" not in text
    assert str(trained.images.classes[0].images[0].path.parent) not in text


def test_mistakes_are_shown_with_both_classes(trained, write):
    mistaken = with_mistake(trained)
    _, text = write(mistaken)
    mistake = mistaken.holdout_predictions[0]
    assert mistake.image.path.name in text
    assert "Mistakes" in text


def test_images_that_have_been_deleted_are_left_out(trained, write, monkeypatch):
    first = trained.holdout_predictions[0]
    gone = first._replace(image=replace(first.image, path=Path("gone.png")))
    _, text = write(replace(trained, holdout_predictions=(gone,)))
    assert 'alt="Where' not in text


def test_a_report_without_a_holdout_says_so(trained, write):
    without = replace(
        trained,
        header=trained.header.model_copy(update={"holdout": None}),
        holdout_predictions=(),
    )
    _, text = write(without)
    assert "95 %" not in text
    assert text.count('class="portrait"') == 2


def test_portraits_are_limited(trained, write, monkeypatch):
    monkeypatch.setattr(report, "MAX_PORTRAITS", 1)
    _, text = write(trained)
    assert text.count('class="portrait"') == 1

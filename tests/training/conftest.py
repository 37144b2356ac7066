"""Fixtures of the training tests."""

import pytest

from puppyslug.training.classifier import Examples, TrainedClassifier, fit_classifier
from support.classifier_problem import OneBlock, clustered_examples


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """An empty cache folder."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("PUPPYSLUG_CACHE", str(folder))
    return folder


@pytest.fixture
def architecture() -> OneBlock:
    return OneBlock()


@pytest.fixture(scope="session")
def examples() -> Examples:
    return clustered_examples()


@pytest.fixture
def trained(architecture, examples) -> TrainedClassifier:
    return fit_classifier(architecture, examples, examples, base_classes=7)

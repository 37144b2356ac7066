"""Training sessions: progress, the header and file of the network, and refused networks."""

import pytest
import torch
from safetensors.torch import load_file

from puppyslug.errors import NetworkError, OutputError
from puppyslug.networks.finetuned import read_header
from puppyslug.networks.loader import load_network
from puppyslug.training import session, teach
from puppyslug.training.image_folder import find_class_folders
from puppyslug.training.session import load_base_network, training_steps
from support.training_images import save_random_images, shorten_training


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("classes")
    for number, name in enumerate(("cup", "hat")):
        save_random_images(path / name, 5, number)
    return path


@pytest.fixture(scope="module")
def progress(folder, tmp_path_factory):
    """All progress of a session; random images make mistakes, so the last block is trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUPPYSLUG_CACHE", str(tmp_path_factory.mktemp("cache")))
        shorten_training(patch)
        patch.setattr(session._TrainingSession, "needs_last_block", lambda *_: True)
        base = load_base_network("efficientnet_lite0")
        return list(training_steps(find_class_folders(folder), base, seed=3))


def test_progress_increases_from_reading_to_the_end(progress):
    fractions = [one.fraction for one in progress]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(one.stage for one in progress)


def test_notices_appear_once_after_reading(progress):
    with_notices = [one for one in progress if one.notices]
    assert len(with_notices) == 1
    assert {name for name in ("cup", "hat") for n in with_notices[0].notices if name in n} == {
        "cup", "hat",
    }  # fmt: skip


def test_a_network_is_available_before_the_last_block(progress):
    first = next(n for n, one in enumerate(progress) if one.network)
    assert all(one.network for one in progress[first:])
    assert not progress[first].network.header.trained_last_block
    checkpoints = [one.checkpoint is not None for one in progress]
    assert checkpoints == [n > first for n in range(len(progress))]


def test_the_header_describes_the_training(progress):
    trained = progress[-1].network
    header = trained.header
    assert header.new_classes == ("cup", "hat")
    assert header.image_counts == (5, 5)
    assert (header.base, header.seed) == ("efficientnet_lite0", 3)
    assert header.base_classes == ()  # the vocabulary of the base is included
    assert sum(map(sum, header.holdout.counts)) == len(trained.holdout_predictions) == 2
    assert len(trained.base_predictions) == 2


def test_the_saved_file_has_the_header_and_the_weights(progress, tmp_path):
    trained = progress[-1].network
    path = tmp_path / "mine.safetensors"
    trained.save(path)
    assert read_header(path) == trained.header
    saved = load_file(path)
    assert set(saved) == set(trained.state_dict)
    assert all(torch.equal(saved[name], trained.state_dict[name]) for name in saved)
    assert load_network(str(path), precision="float32").spec.classes == 1002
    with pytest.raises(OutputError, match=r"mine\.safetensors"):
        trained.save(path)


def test_a_resumed_session_ends_with_the_same_network(progress, folder, monkeypatch, tmp_path):
    shorten_training(monkeypatch)
    monkeypatch.setattr(session._TrainingSession, "needs_last_block", lambda *_: True)
    checkpoint = next(one.checkpoint for one in progress if one.checkpoint)
    base = load_base_network("efficientnet_lite0")
    *_, last = training_steps(find_class_folders(folder), base, seed=3, checkpoint=checkpoint)
    assert last.network.header == progress[-1].network.header
    for name, tensor in progress[-1].network.state_dict.items():
        assert torch.equal(last.network.state_dict[name], tensor), name


def test_teach_trains_without_mistakes_only_the_classifier(folder, monkeypatch):
    shorten_training(monkeypatch, blends=0, generated=1)
    monkeypatch.setattr(session, "error_rate", lambda *_: 0.0)
    trained = teach(folder, seed=1)
    assert not trained.header.trained_last_block
    assert trained.header.base == "efficientnet_lite0"


@pytest.mark.parametrize("name", ["efficientnet_lite0+efficientnet_lite1", "no_such_network"])
def test_networks_that_cannot_be_taught_are_named(name):
    with pytest.raises(NetworkError) as caught:
        load_base_network(name)
    assert name in str(caught.value)


def test_a_finetuned_network_names_its_base(progress, tmp_path):
    path = tmp_path / "mine.safetensors"
    progress[-1].network.save(path)
    with pytest.raises(NetworkError, match=r"mine\.safetensors.*efficientnet_lite0"):
        load_base_network(str(path))

"""The dataset: its examples, weights and order, and what determines them."""

from types import SimpleNamespace

import pytest
import torch

from puppyslug.training import dataset, negatives
from puppyslug.training.dataset import FeatureDataset, build_dataset
from puppyslug.training.image_folder import find_class_folders, read_images
from support.training_images import save_random_images

SIZE = 16


class ThumbnailExtractor:
    """Extracts views of 2×2 pixels, and records the keys."""

    def __init__(self):
        self.network = SimpleNamespace(
            spec=SimpleNamespace(trained_at=SIZE, vocabulary="", classes=0), architecture=None
        )
        self.keys = []

    def extract(self, make_views, *key):
        self.keys.append(key)
        return torch.nn.functional.adaptive_avg_pool2d(make_views(), 2).half()


@pytest.fixture(autouse=True)
def few_examples(monkeypatch):
    monkeypatch.setattr(dataset, "TOTAL_VIEWS", 60)
    monkeypatch.setattr(dataset, "BLEND_COUNT", 4)
    monkeypatch.setattr(negatives, "IMAGES_PER_KIND", 4)
    monkeypatch.setattr(negatives, "list_atlases", list)


def read(folder, **counts):
    for number, (name, count) in enumerate(counts.items()):
        save_random_images(folder / name, count, number)
    *_, collection = read_images(find_class_folders(folder))
    return collection


def build(collection, seed=0):
    extractor = ThumbnailExtractor()
    *progress, result = build_dataset(collection, extractor, seed)
    assert isinstance(result, FeatureDataset)
    return result, progress, extractor


def test_progress_counts_views_to_the_end(tmp_path):
    _, progress, _ = build(read(tmp_path, cup=5, hat=5, none=5))
    done = [one.done for one in progress]
    assert done == sorted(done)
    assert done[-1] == progress[-1].total


def test_every_class_and_none_have_the_same_weight(tmp_path):
    result, *_ = build(read(tmp_path, cup=5, hat=10, none=5))
    weights = (result.train.targets.double() * result.train.weights[:, None]).sum(0)
    torch.testing.assert_close(weights, torch.full((3,), 1 / 3, dtype=torch.float64))
    assert float(result.holdout.weights.sum()) == pytest.approx(1)


def test_images_and_generated_negatives_share_the_weight_of_none(tmp_path):
    result, _, extractor = build(read(tmp_path, cup=5, hat=5, none=5))
    generated = len([key for key in extractor.keys if key[0] == "nothing"])
    in_train = generated - len(range(0, generated, dataset.NEGATIVE_HOLDOUT_INTERVAL))
    assert float(result.train.weights[-in_train:].sum()) == pytest.approx(1 / 6)


def test_the_holdout_begins_with_images_and_ends_with_blends(tmp_path):
    result, *_ = build(read(tmp_path, cup=5, hat=5))
    names = [name for _, name in result.holdout_images]
    expected = [("cup", "hat", "none")[n] for n in result.holdout.targets.argmax(1)]
    assert names == expected[: len(names)]
    assert set(names) == {"cup", "hat"}
    assert result.holdout.is_pure.tolist() == [True] * (len(expected) - 4) + [False] * 4
    assert torch.equal(result.holdout.targets[-4:], torch.tensor([[0.5, 0.5, 0]] * 4))


def test_a_blend_is_the_mean_of_two_holdout_images(tmp_path):
    collection = read(tmp_path, cup=5, hat=5)
    result, _, extractor = build(collection)
    hashes = {image.sha256 for image, _ in result.holdout_images}
    keys = [key for key in extractor.keys if key[0] == "blend"]
    assert len(keys) == 4
    assert all({first, second} <= hashes for _, first, second, _ in keys)


def test_no_image_is_in_both_parts(tmp_path):
    result, _, extractor = build(read(tmp_path, cup=5, hat=5))
    train = {key[2] for key in extractor.keys if key[0] == "views"}
    holdout = {image.sha256 for image, _ in result.holdout_images}
    assert len(train | holdout) == 10
    assert not train & holdout


def test_the_seed_determines_the_dataset(tmp_path):
    collection = read(tmp_path, cup=5, hat=5)
    first, same, other = (build(collection, seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first.train.block_inputs[0], same.train.block_inputs[0])
    assert not torch.equal(first.train.block_inputs[0], other.train.block_inputs[0])


def test_views_per_image_depend_on_the_number_of_images(tmp_path):
    few, _, _ = build(read(tmp_path / "few", cup=5, hat=5))
    many, _, _ = build(read(tmp_path / "many", cup=30, hat=30))
    views = [
        int((result.train.targets[:, 0] == 1).sum()) / (count - holdout)
        for result, count, holdout in ((few, 5, 1), (many, 30, 6))
    ]
    assert views == [round(60 / 8), dataset.MIN_VIEWS]


def test_there_is_no_holdout_where_nothing_can_be_held_out(tmp_path):
    folder = save_random_images(tmp_path / "cup", 1, 0)
    for number in range(3):
        copy = (folder / "000.png").read_bytes()
        (folder / f"copy {number}.png").write_bytes(copy)
    result, *_ = build(read(tmp_path))
    assert result.holdout is None
    assert result.holdout_images == ()

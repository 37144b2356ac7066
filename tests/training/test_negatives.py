"""Generated negatives: reproducible images under unique names."""

import torch

from puppyslug.training import negatives
from puppyslug.training.negatives import generate_negatives, random_texture


def test_names_are_unique_and_identify_the_images(monkeypatch):
    monkeypatch.setattr(negatives, "IMAGES_PER_KIND", 2)
    monkeypatch.setattr(negatives, "MAX_PORTRAITS", 3)
    first, second = list(generate_negatives()), list(generate_negatives())
    names = [name for name, _ in first]
    assert names == [name for name, _ in second]
    assert len(set(names)) == len(names)
    for (_, make), (_, make_again) in zip(first, second, strict=True):
        image = make()
        assert image.shape[:2] == (1, 3)
        assert 0 <= image.min() <= image.max() <= 1
        assert torch.equal(image, make_again())


def test_the_names_of_generated_images_are_stable(monkeypatch):
    """They seed the augmentation, so other names would be other networks."""
    monkeypatch.setattr(negatives, "IMAGES_PER_KIND", 2)
    monkeypatch.setattr(negatives, "list_atlases", list)
    names = [name for name, _ in generate_negatives()]
    assert names == ["clouds 0", "noise 0", "texture 0", "clouds 1", "noise 1", "texture 1"]


def test_excluded_classes_have_no_portrait():
    def portraits(*excluded):
        names = [name for name, _ in generate_negatives(frozenset(excluded))]
        return [name for name in names if name.startswith("portrait")]

    every = portraits()
    assert len(every) >= negatives.MAX_PORTRAITS
    assert portraits(0) == every[1:]


def test_textures_differ_by_seed():
    one, same, other = (random_texture((24, 32), seed) for seed in (1, 1, 2))
    assert one.shape == (1, 3, 24, 32)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)

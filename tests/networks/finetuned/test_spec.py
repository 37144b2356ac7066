import pytest

from puppyslug.networks import find_spec, list_networks
from puppyslug.networks.finetuned import finetuned_vocabulary, make_finetuned_spec
from puppyslug.networks.specs import CLASS_MAP, FinetunedHead


@pytest.mark.parametrize("base", list_networks(), ids=lambda spec: spec.name)
def test_new_classes_come_before_those_of_the_base(base):
    spec = make_finetuned_spec(base, FinetunedHead(base.name, ("cup", "hat")), name="own")
    assert spec.classes == spec.layer(CLASS_MAP).channels == 2 + (base.trained_classes or 1)
    assert spec.layers[:-2] == base.layers[: len(spec.layers) - 2]
    assert spec.typical_motif(CLASS_MAP)


def test_the_title_names_at_most_four_classes():
    names = tuple(f"class-{n}" for n in range(6))
    base = find_spec("vgg19")
    title = make_finetuned_spec(base, FinetunedHead("vgg19", names), name="own").title
    assert "class-3 and 2 more" in title
    assert "class-4" not in title


def test_the_vocabulary_has_the_new_classes_and_those_of_the_base():
    base = find_spec("efficientnet_lite0")
    head = FinetunedHead(base.name, ("my cup", "my hat"))
    vocabulary = finetuned_vocabulary(make_finetuned_spec(base, head, name="own"), head)
    assert vocabulary.find("my hat").class_numbers == (1,)
    assert vocabulary.find("tench").class_numbers == (2,)


def test_a_base_without_classes_gets_the_class_none():
    base = find_spec("vgg19")
    head = FinetunedHead(base.name, ("my cup",))
    vocabulary = finetuned_vocabulary(make_finetuned_spec(base, head, name="own"), head)
    assert vocabulary.classes == 2
    assert vocabulary.find("none").class_numbers == (1,)


def test_names_of_the_bases_classes_may_come_from_the_file():
    base = find_spec("googlenet-places205")
    names = tuple(f"place {n}" for n in range(205))
    head = FinetunedHead(base.name, ("my cup",), base_classes=names)
    vocabulary = finetuned_vocabulary(make_finetuned_spec(base, head, name="own"), head)
    assert vocabulary.find("place 7").class_numbers == (8,)

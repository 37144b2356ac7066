"""The bundled table of ImageNet's classes and groups."""

import pytest

from puppyslug.errors import LabelError
from puppyslug.labels import find_label, imagenet

LABELS = imagenet().labels
CLASSES = LABELS[:1000]
GROUPS = LABELS[1000:]


def test_there_are_a_thousand_classes_in_the_order_of_their_synsets():
    assert [label.number for label in CLASSES] == list(range(1000))
    synsets = [label.synset for label in CLASSES]
    assert synsets == sorted(set(synsets))


def test_every_label_is_found_by_its_name_in_any_spelling():
    assert len({label.name.casefold() for label in LABELS}) == len(LABELS)
    for label in LABELS:
        for name in (label.name, label.name.upper(), label.name.replace(" ", "_")):
            assert find_label(name) is label
        assert label.synset is None or find_label(label.synset) is label
    for number, label in enumerate(CLASSES):
        assert find_label(str(number)) is label
        assert imagenet().class_name(number) == label.name


def test_every_other_name_finds_a_label_with_it_or_is_ambiguous():
    for label in LABELS:
        for name in label.names:
            try:
                found = find_label(name)
            except LabelError as error:
                assert label.name in str(error)
            else:
                assert name.casefold() in [other.casefold() for other in found.names]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "goldfish"),
        (84, "peacock"),
        (134, "crane bird"),
        (207, "golden retriever"),
        (281, "tabby"),
        (285, "Egyptian cat"),
        (339, "horse"),
        (340, "zebra"),
        (388, "giant panda"),
        (483, "castle"),
        (517, "construction crane"),
        (817, "sports car"),
        (985, "daisy"),
    ],
)
def test_well_known_classes_have_their_numbers(number, name):
    assert find_label(name).number == number


@pytest.mark.parametrize(
    ("group", "inside", "outside"),
    [
        ("dog", ["151", "207", "268"], ["dingo", "timber wolf", "tabby", "hotdog"]),
        ("bird", ["7", "24", "80", "100", "127", "146", "peacock"], ["goldfish"]),
        ("cat", ["tabby", "Egyptian cat"], ["cougar", "lion"]),
        ("big cat", ["lion", "tiger"], ["tabby"]),
        ("vehicle", ["sports car", "school bus", "airliner", "bullet train"], ["stretcher"]),
        ("building", ["castle", "church", "barn", "palace"], ["suspension bridge"]),
        ("car", ["sports car", "cab"], ["freight car", "school bus"]),
        ("fish", ["goldfish", "great white shark"], ["grey whale"]),
        ("snake", ["king snake", "sidewinder"], ["green lizard"]),
        ("insect", ["bee", "monarch"], ["tarantula"]),
        ("spider", ["tarantula", "black widow"], ["spider web", "scorpion", "spider monkey"]),
        ("flower", ["daisy"], ["broccoli"]),
        ("fruit", ["lemon", "Granny Smith"], ["acorn", "broccoli"]),
        ("food", ["pizza", "lemon", "broccoli"], ["hay", "menu"]),
        ("boat", ["canoe", "schooner"], ["aircraft carrier"]),
        ("instrument", ["violin", "drum"], ["stethoscope"]),
        ("furniture", ["throne", "desk"], ["toaster"]),
        ("monkey", ["baboon", "titi"], ["gorilla"]),
        ("bear", ["brown bear", "polar bear"], ["giant panda"]),
        ("wolf", ["timber wolf"], ["red fox"]),
        ("fox", ["red fox", "Arctic fox"], ["timber wolf"]),
        ("animal", ["tabby", "bee", "goldfish"], ["daisy", "sports car"]),
    ],
)
def test_groups_have_the_expected_members(group, inside, outside):
    found = find_label(group)
    assert found.number is None
    members = {CLASSES[number].name for number in found.class_numbers}
    assert {find_label(name).name for name in inside} <= members
    assert not {find_label(name).name for name in outside} & members


def test_groups_are_distinct_and_sorted_into_their_parents():
    assert len({group.class_numbers for group in GROUPS}) == len(GROUPS)
    for group in GROUPS:
        numbers = group.class_numbers
        assert 2 <= len(numbers) < 1000
        assert list(numbers) == sorted(set(numbers))
        parents = imagenet().groups_of(group)
        sizes = [len(parent.class_numbers) for parent in parents]
        assert sizes == sorted(sizes)
        assert all(set(numbers) < set(parent.class_numbers) for parent in parents)
    assert find_label("dog") in imagenet().groups_of(find_label("golden retriever"))
    assert find_label("animal") in imagenet().groups_of(find_label("dog"))


def test_few_classes_belong_to_no_group():
    assert sum(not imagenet().groups_of(label) for label in CLASSES) < 10

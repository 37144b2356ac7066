"""Labels: every class and group is found by name, and a wrong name gets a helpful answer."""

import time

import pytest

from puppyslug.cli import main
from puppyslug.errors import LabelError
from puppyslug.labels import Vocabulary, find_label, imagenet
from puppyslug.objectives import parse_objective

LABELS = imagenet().labels
CLASSES = LABELS[:1000]
GROUPS = LABELS[1000:]


def refused(name: str) -> str:
    with pytest.raises(LabelError) as refusal:
        find_label(name)
    (line,) = str(refusal.value).splitlines()
    return line


def test_there_are_a_thousand_classes_in_the_order_of_their_synsets():
    assert [label.number for label in CLASSES] == list(range(1000))
    synsets = [label.synset for label in CLASSES]
    assert synsets == sorted(set(synsets))


def test_every_label_is_found_by_its_own_name_however_it_is_written():
    assert len({label.name.casefold() for label in LABELS}) == len(LABELS)
    for label in LABELS:
        for name in (label.name, label.name.upper(), label.name.replace(" ", "_")):
            assert find_label(name) is label
        assert label.synset is None or find_label(label.synset) is label
    for number, label in enumerate(CLASSES):
        assert find_label(str(number)) is label
        assert imagenet().class_name(number) == label.name


def test_every_other_name_finds_a_label_that_has_it_or_is_ambiguous():
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
def test_known_classes_have_their_numbers(number, name):
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
def test_groups_hold_what_people_expect(group, inside, outside):
    found = find_label(group)
    assert found.number is None
    members = {CLASSES[number].name for number in found.members}
    assert {find_label(name).name for name in inside} <= members
    assert not {find_label(name).name for name in outside} & members


def test_groups_differ_and_lie_within_each_other_or_are_said_not_to():
    assert len({group.members for group in GROUPS}) == len(GROUPS)
    for group in GROUPS:
        assert 2 <= len(group.members) < 1000
        assert list(group.members) == sorted(set(group.members))
        above = imagenet().groups_of(group)
        assert [len(other.members) for other in above] == sorted(
            len(other.members) for other in above
        )
        for other in above:
            assert set(group.members) < set(other.members)
    assert find_label("dog") in imagenet().groups_of(find_label("golden retriever"))
    assert find_label("animal") in imagenet().groups_of(find_label("dog"))


def test_few_classes_belong_to_no_group():
    assert sum(not imagenet().groups_of(label) for label in CLASSES) < 10


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("dogs", "dog"),
        ("Foxes", "fox"),
        ("WOLVES", "wolf"),
        ("butterflies", "butterfly"),
        ("hot-dog", "hotdog"),
        ("jack o lantern", "jack-o'-lantern"),
        ("T shirts", "jersey"),
        ("Great_Dane", "Great Dane"),
        ("sunglasses", "sunglasses"),
        ("consommé", "consomme"),
    ],
)
def test_spelling_is_forgiven(name, label):
    assert find_label(name).name == label


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("crane", ["crane bird", "construction crane"]),
        ("Cranes", ["crane bird", "construction crane"]),
        ("panther", ["cougar", "jaguar"]),
        ("horn", ["cornet", "French horn"]),
    ],
)
def test_a_name_that_several_share_is_refused_with_the_candidates(name, candidates):
    assert " or ".join(candidates) in refused(name)


def test_a_preferred_name_wins_over_others_of_the_same_name():
    assert find_label("cardigan").number == 474
    assert find_label("maillot").number == 638
    assert find_label("missile").number == 657
    assert find_label("amphibian").number is None


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("goldn retreiver", "golden retriever"),
        ("retreiver", "retriever"),
        ("labrador", "Labrador retriever"),
        ("persian", "Persian cat"),
        ("gold", "goldfish"),
        ("poodel", "poodle"),
        ("bird of pray", "bird of prey"),
        ("dog " * 3000, "dog"),
    ],
)
def test_a_wrong_name_gets_near_ones(wrong, meant):
    assert meant in refused(wrong).split("did you mean ")[1].rstrip("?").split(" or ")


@pytest.mark.parametrize("name", ["", " \n", "1000", "-1", "+1000", "9" * 10_000, "²", "!?", "..."])
def test_what_is_no_name_is_refused(name):
    assert len(refused(name)) < 100


@pytest.mark.parametrize("number", [-1, 1000, 10**30])
def test_a_number_out_of_range_is_refused(number):
    with pytest.raises(LabelError, match="0 to 999"):
        imagenet().class_name(number)


@pytest.mark.parametrize("letters", ["x", "dog", "golden retriever ", "a b ", "é\n"])
def test_long_names_are_answered_fast_and_shortly(letters):
    name = letters * (10_000 // len(letters))
    find_label("dog")
    start = time.perf_counter()
    message = refused(name)
    assert time.perf_counter() - start < 1
    assert len(message) < 250


def test_search_finds_exact_names_then_words_then_their_starts_then_the_inside():
    found = [label.name for label in imagenet().search("cat")]
    places = [found.index(name) for name in ("cat", "tabby", "catamaran", "polecat")]
    assert places == sorted(places)
    assert places[0] == 0
    for label in imagenet().search("fox"):
        assert any("fox" in name.casefold().replace(" ", "") for name in label.names)
    assert imagenet().search("dogs")[0].name == "dog"
    assert imagenet().search("qqq") == imagenet().search("?!") == []
    assert imagenet().search() == imagenet().search(" ") == [*GROUPS, *CLASSES]


def test_the_command_lists_all_in_a_pipe(capsys):
    assert main(["labels"]) == 0
    groups, classes = capsys.readouterr().out.split("\n\n")
    assert len(groups.splitlines()) == 1 + len(GROUPS)
    assert len(classes.splitlines()) == 1 + 1000
    assert "207     golden retriever " in classes


def test_the_command_searches_and_lists_a_group(capsys):
    assert main(["labels", "dogs"]) == 0
    shown = capsys.readouterr().out
    assert "118 " in shown
    for number in find_label("dog").members:
        assert f"\n{number}  " in shown
    assert main(["labels", "207"]) == 0
    assert "golden retriever" in capsys.readouterr().out
    assert main(["labels", "crane"]) == 0
    assert {"134", "517"} <= set(capsys.readouterr().out.split())


def test_the_command_says_what_a_wrong_word_may_mean(capsys):
    assert main(["labels", "goldn retreiver"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    assert "golden retriever" in line


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat\ndog, hound\n\n", ["cat", "dog"]),
        ("n01440764 tench, Tinca tinca\nn01443537 goldfish\n", ["tench", "goldfish"]),
        ("/a/abbey 0\n/b/bakery/shop 1\n", ["abbey", "bakery shop"]),
        ('["crane", "crane"]', ["crane", "crane 1"]),
        ('{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}', ["tench", "goldfish"]),
        ('cat (animal)\n\x1b[31m"\n', ["cat animal", "[31m"]),
        ("10\n20\n", ["10", "20"]),
    ],
)
def test_names_of_classes_are_read_from_files(tmp_path, text, names):
    path = tmp_path / "names.txt"
    path.write_text(text)
    vocabulary = Vocabulary.read(path, classes=2)
    assert [label.name for label in vocabulary.labels] == names
    for number, name in enumerate(names):
        assert vocabulary.find(name).number == number
        assert parse_objective(f"see({name})", vocabulary.find).seen[0].label.number == number


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"one\n", "name 1 classes, but the network knows 2"),
        (b"", "empty"),
        (b"\xff\xfe\x00", "no text"),
        (b"[" * 200_000, "no JSON list"),
        (b"[[]]", "no JSON list"),
        (None, "do not exist"),
    ],
)
def test_bad_files_of_names_are_refused(tmp_path, content, said):
    path = tmp_path / "names.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabelError, match=said):
        Vocabulary.read(path, classes=2)
    with pytest.raises(LabelError, match="no file"):
        Vocabulary.read(tmp_path, classes=2)


def test_classes_without_names_go_by_their_numbers():
    vocabulary = Vocabulary.numbered(12)
    assert vocabulary.find("7") is vocabulary.find("class 7") is vocabulary.labels[7]

import pytest

from puppyslug.errors import LabelError
from puppyslug.labels import Label, Vocabulary
from puppyslug.labels.label import MAX_FILE_BYTES, class_label, disambiguate, read_labels
from puppyslug.objectives import parse_objective


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
def test_class_names_are_read_and_usable_in_objectives(tmp_path, text, names):
    path = tmp_path / "names.txt"
    path.write_text(text)
    vocabulary = Vocabulary.from_file(path, classes=2)
    assert [label.name for label in vocabulary.labels] == names
    for number, name in enumerate(names):
        assert vocabulary.find(name).number == number
        assert parse_objective(f"see({name})", vocabulary.find).classes == (number,)


def test_synset_ids_are_kept(tmp_path):
    (tmp_path / "names.txt").write_text("n01440764 tench, Tinca tinca\n")
    assert read_labels(tmp_path / "names.txt") == (
        Label(("tench", "Tinca tinca"), (0,), "n01440764"),
    )


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b"\xff\xfe\x00", b"[" * 200_000, b"[[]]", b"x" * (MAX_FILE_BYTES + 1), None],
)
def test_files_without_names_are_refused_by_name(tmp_path, content):
    path = tmp_path / "names.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabelError, match=r"names\.txt") as caught:
        read_labels(path)
    assert "\n" not in str(caught.value)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(LabelError, match=tmp_path.name):
        read_labels(tmp_path)


def test_duplicate_names_get_their_class_number():
    labels = [class_label([name], number) for number, name in enumerate(["Crane", "crane", "cat"])]
    assert [label.name for label in disambiguate(labels)] == ["Crane", "crane 1", "cat"]


def test_a_class_without_a_usable_name_is_named_after_its_number():
    assert class_label(['("")'], 7).name == "class 7"

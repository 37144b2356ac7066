import pytest

from puppyslug.errors import LabelError
from puppyslug.labels import (
    NONE_CLASS,
    Vocabulary,
    bundled_vocabulary,
    find_label,
    imagenet,
    label_finder,
    unresolved_label,
)
from puppyslug.labels.vocabulary import _related_names


def error_of(name: str) -> str:
    with pytest.raises(LabelError) as caught:
        find_label(name)
    (line,) = str(caught.value).splitlines()
    return line


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
        ("207", "golden retriever"),
        ("+207", "golden retriever"),
        ("n02099601", "golden retriever"),
    ],
)
def test_spelling_plurals_numbers_and_synset_ids_are_accepted(name, label):
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
def test_an_ambiguous_name_is_refused_with_the_candidates(name, candidates):
    message = error_of(name)
    assert name in message
    assert all(candidate in message for candidate in candidates)


def test_a_preferred_name_takes_precedence_over_other_names():
    assert find_label("cardigan").number == 474
    assert find_label("maillot").number == 638
    assert find_label("missile").number == 657
    assert find_label("amphibian").number is None


@pytest.mark.parametrize("misspelt", ["goldn retreiver", "golden retreiver"])
def test_an_unknown_name_is_refused_with_similar_names(misspelt):
    assert misspelt in error_of(misspelt)
    assert "golden retriever" in error_of(misspelt)


def test_an_unknown_name_without_similar_names_points_to_the_list():
    assert "puppyslug labels" in error_of("qqqqqqqq")


@pytest.mark.parametrize("name", ["", " \n", "1000", "-1", "+1000", "9" * 10_000, "²", "!?", "..."])
def test_invalid_names_are_refused_in_a_short_line(name):
    assert len(error_of(name)) < 120


@pytest.mark.parametrize("text", ["x", "dog", "golden retriever ", "a b ", "é\n"])
def test_errors_about_long_names_are_short(text):
    assert len(error_of(text * (10_000 // len(text)))) < 250


@pytest.mark.parametrize("number", [-1, 1000, 10**30])
def test_a_number_out_of_range_is_refused_with_the_range(number):
    with pytest.raises(LabelError, match="0 to 999"):
        imagenet().class_name(number)


def test_the_number_of_names_in_a_file_must_fit(tmp_path):
    (tmp_path / "names.txt").write_text("one\n")
    with pytest.raises(LabelError, match=r"names\.txt.* 1 .* 2"):
        Vocabulary.from_file(tmp_path / "names.txt", classes=2)


def test_unnamed_classes_are_found_by_number():
    vocabulary = Vocabulary.unnamed(12)
    assert vocabulary.find("7") is vocabulary.find("class 7") is vocabulary.labels[7]


def test_a_finetuned_vocabulary_puts_the_base_classes_into_none():
    base = Vocabulary.from_names("base", ["cat", "dog", "none"])
    vocabulary = Vocabulary.finetuned("mine", ["dog", "slug"], base)
    assert vocabulary.classes == 5
    assert [label.name for label in vocabulary.labels[:5]] == [
        "dog", "slug", "cat", "dog of base", "none of base",
    ]  # fmt: skip
    assert vocabulary.find("dog").number == 0
    assert vocabulary.find("cat").number == 2
    assert vocabulary.find(NONE_CLASS).class_numbers == (2, 3, 4)


def test_a_finetuned_vocabulary_without_a_base_has_one_class_none():
    vocabulary = Vocabulary.finetuned("mine", ["slug"], None)
    assert vocabulary.find(NONE_CLASS).class_numbers == (1,)


def test_names_of_unknown_vocabularies_are_resolved_later():
    assert bundled_vocabulary("imagenet") is imagenet()
    assert bundled_vocabulary("places") is None
    assert label_finder("imagenet")("dog").class_numbers
    assert label_finder("places") is unresolved_label
    assert unresolved_label(" abbey ").names == ("abbey",)
    assert unresolved_label("abbey").class_numbers == ()
    with pytest.raises(LabelError):
        unresolved_label(" ")


def test_words_without_a_class_lead_to_others_near_in_meaning():
    with pytest.raises(LabelError, match=r"'Unicorns'; did you mean sorrel or zebra or ram\?"):
        imagenet().find("Unicorns")
    for word in _related_names():
        with pytest.raises(LabelError, match="did you mean"):
            imagenet().find(word)

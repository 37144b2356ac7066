"""``puppyslug labels``."""

from puppyslug.cli import main
from puppyslug.labels import find_label, imagenet

GROUPS = imagenet().labels[1000:]


def test_all_groups_and_classes_are_listed_in_a_pipe(capsys):
    assert main(["labels"]) == 0
    groups, classes = capsys.readouterr().out.split("\n\n")
    assert len(groups.splitlines()) == 1 + len(GROUPS)
    assert len(classes.splitlines()) == 1 + 1000
    assert "207     golden retriever " in classes


def test_a_group_is_listed_with_its_members(capsys):
    assert main(["labels", "dogs"]) == 0
    output = capsys.readouterr().out
    assert "118 " in output
    for number in find_label("dog").class_numbers:
        assert f"\n{number}  " in output


def test_classes_are_found_by_number_and_by_ambiguous_name(capsys):
    assert main(["labels", "207"]) == 0
    assert "golden retriever" in capsys.readouterr().out
    assert main(["labels", "crane"]) == 0
    assert {"134", "517"} <= set(capsys.readouterr().out.split())


def test_a_misspelt_word_is_an_error_with_similar_names(capsys):
    assert main(["labels", "goldn retreiver"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    assert "golden retriever" in line

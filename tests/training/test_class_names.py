"""Names of classes, from names of folders."""

import pytest

from puppyslug.errors import TrainingError
from puppyslug.training.class_names import MAX_NAME_LENGTH, parse_class_name


def test_underscores_become_spaces_and_case_is_kept():
    assert parse_class_name("my_Dog") == "my Dog"


@pytest.mark.parametrize("text", ["none", "None", "NONE"])
def test_none_is_recognised_in_any_case(text):
    assert parse_class_name(text) == "none"


@pytest.mark.parametrize("text", ["***", "a, b", "2*cup", "(!)", "caf\ufffd"])
def test_names_that_an_objective_cannot_contain_are_refused(text):
    with pytest.raises(TrainingError) as caught:
        parse_class_name(text)
    assert repr(text) in str(caught.value)


def test_the_longest_name_is_accepted_and_a_longer_one_refused():
    assert parse_class_name("x" * MAX_NAME_LENGTH) == "x" * MAX_NAME_LENGTH
    with pytest.raises(TrainingError, match=str(MAX_NAME_LENGTH)):
        parse_class_name("x" * (MAX_NAME_LENGTH + 1))

"""Messages on standard error."""

import pytest

from puppyslug.cli.messages import escape_control_characters, format_duration, print_message


def test_messages_go_to_standard_error_on_one_line(capsys):
    print_message("no\nsuch\x1b[31m.jpg")
    assert capsys.readouterr() == ("", "no\\nsuch\\x1b[31m.jpg\n")


def test_quiet_messages_are_not_printed(capsys):
    print_message("text", quiet=True)
    assert capsys.readouterr() == ("", "")


def test_printable_characters_are_not_escaped():
    assert escape_control_characters("ünï 3×4 …") == "ünï 3×4 …"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.01, "1 s"), (89, "89 s"), (91, "2 min"), (5000, "83 min"), (5400, "1.5 h")],
)
def test_durations_have_the_precision_of_an_estimate(seconds, text):
    assert format_duration(seconds) == text

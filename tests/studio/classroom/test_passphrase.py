"""Pass phrases, and how often they can be guessed."""

from puppyslug.studio.classroom import guesses
from puppyslug.studio.classroom.guesses import GuessLimiter
from puppyslug.studio.classroom.passphrase import (
    WORD_COUNT,
    WORDS,
    generate_passphrase,
    is_same_passphrase,
)


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_there_are_as_many_words_as_the_strength_assumes():
    assert len(set(WORDS)) == len(WORDS) == 128
    phrases = {generate_passphrase() for _ in range(50)}
    assert len(phrases) == 50
    assert all(len(phrase.split()) == WORD_COUNT for phrase in phrases)
    assert {word for phrase in phrases for word in phrase.split()} <= set(WORDS)


def test_case_spaces_and_hyphens_do_not_matter_but_words_and_their_order_do():
    for typed in ("lemon river otter kite", " Lemon  RIVER-otter kite\n"):
        assert is_same_passphrase(typed, "lemon river otter kite")
    for typed in (
        "",
        "lemon river otter",
        "river lemon otter kite",
        "lemonriverotterkite",
        "\ud800",
    ):
        assert not is_same_passphrase(typed, "lemon river otter kite")


def test_an_address_waits_after_too_many_wrong_guesses_and_others_do_not():
    clock = Clock()
    limiter = GuessLimiter(clock)
    for _ in range(guesses.ADDRESS_GUESSES):
        assert limiter.seconds_to_wait("192.0.2.1") == 0
        limiter.count_wrong("192.0.2.1")
    wait = limiter.seconds_to_wait("192.0.2.1")
    assert wait == guesses.REFILL_SECONDS / guesses.ADDRESS_GUESSES
    assert limiter.seconds_to_wait("192.0.2.2") == 0
    clock.now = wait
    assert limiter.seconds_to_wait("192.0.2.1") == 0
    limiter.count_wrong("192.0.2.1")
    assert limiter.seconds_to_wait("192.0.2.1") > 0


def test_all_addresses_together_have_a_limit_too():
    limiter = GuessLimiter(Clock())
    for number in range(guesses.TOTAL_GUESSES):
        assert limiter.seconds_to_wait("203.0.113.1") == 0
        limiter.count_wrong(f"198.51.100.{number}")
    assert limiter.seconds_to_wait("203.0.113.1") > 0


def test_a_computer_cannot_guess_more_by_changing_its_ipv6_address():
    limiter = GuessLimiter(Clock())
    for number in range(guesses.ADDRESS_GUESSES):
        limiter.count_wrong(f"2001:db8::{number:x}")
    assert limiter.seconds_to_wait("2001:db8::ffff") > 0
    assert limiter.seconds_to_wait("2001:db8:0:1::1") == 0


def test_memory_for_addresses_is_bounded(monkeypatch):
    monkeypatch.setattr(guesses, "MAX_ADDRESSES", 3)
    limiter = GuessLimiter(Clock())
    for number in range(9):
        limiter.count_wrong(f"192.0.2.{number}")
    assert len(limiter._addresses) == 3

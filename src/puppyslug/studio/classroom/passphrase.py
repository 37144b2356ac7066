"""Pass phrases: a few short words that are easy to read from a board and to type."""

import hashlib
import hmac
import secrets

WORD_COUNT = 4  # of 128 words each: 28 bits
_WORDS = """
    acorn amber anchor apple arrow aspen autumn badge bakery balcony bamboo banjo basket beach
    bison blossom boat bottle branch bridge bronze brush bucket button cabin cactus camel candle
    canyon carpet carrot castle cedar cello chalk cherry circle clay cloud clover coast comet
    copper coral cotton crayon curtain daisy desert dolphin donkey drum eagle elbow engine falcon
    feather fern field flute forest fossil fountain fox garden garlic gecko ginger glacier goose
    granite guitar hammer harbour hazel hedge heron honey island ivory jacket jungle kettle kite
    ladder lagoon lantern lemon lily lobster magnet maple marble meadow melon mirror mitten moose
    museum needle nutmeg oasis ocean olive orchard otter oyster paddle panda paper parrot peanut
    pebble pencil pepper piano pigeon pillow planet pumpkin puzzle quilt rabbit raven ribbon river
    saddle salmon
"""
WORDS = tuple(_WORDS.split())


def generate_passphrase() -> str:
    """Return a random pass phrase, its words separated by spaces."""
    return " ".join(secrets.choice(WORDS) for _ in range(WORD_COUNT))


def is_same_passphrase(typed: str, passphrase: str) -> bool:
    """Return whether a pass phrase was typed, in a time that does not depend on how much is right.

    Case, spaces and hyphens between the words do not matter.

    Args:
        typed: what somebody has typed.
        passphrase: the pass phrase.
    """
    return hmac.compare_digest(_digest(typed), _digest(passphrase))


def _digest(text: str) -> bytes:
    """Return a hash of a phrase, which is of the same length for all phrases."""
    words = text.casefold().replace("-", " ").split()
    return hashlib.sha256(" ".join(words).encode("utf-8", "replace")).digest()

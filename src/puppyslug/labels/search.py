"""Search labels by part of a name or by a misspelt name."""

import difflib
from collections import defaultdict
from collections.abc import Sequence
from enum import IntEnum

from puppyslug.labels.label import Label
from puppyslug.labels.spelling import normalise, spelling_keys

_MAX_COMPARED = 60  # characters of a misspelt name
_MIN_NAME_SIMILARITY = 0.7
_MIN_WORD_SIMILARITY = 0.8
_PREFIX_SIMILARITY = 0.85  # of a name with a word that starts with the misspelt name


class Match(IntEnum):
    """How well a name matches a query, best first."""

    EXACT = 0
    WORD = 1
    PREFIX = 2  # of a word
    SUBSTRING = 3
    NONE = 4


class LabelIndex:
    """Index of labels by their names."""

    def __init__(self, labels: Sequence[Label]) -> None:
        """Index the names of labels."""
        self._entries = tuple((label, tuple(map(normalise, label.names))) for label in labels)
        self._names_by_word: dict[str, list[tuple[Label, str]]] = defaultdict(list)
        for label, names in self._entries:
            for name in names:
                for word in set(name.split()):
                    self._names_by_word[word].append((label, name))

    def search(self, query: str) -> list[Label]:
        """Find the labels that have a query in one of their names.

        Args:
            query: one or several words, or part of a word, in any spelling that
                ``Vocabulary.find`` accepts.

        Returns:
            The best matches first: labels with exactly this name, then those with the query as a
            word, those with a word that starts with it, and those that contain it. Groups precede
            classes of the same rank. Empty if nothing matches.
        """
        return [label for _, label in self._rank(query)]

    def nearest(self, name: str, *, limit: int = 3) -> list[Label]:
        """Return the labels that a misspelt name may refer to, the most similar first.

        Compares whole names and single words, and includes labels that contain the name.
        """
        text = " ".join(dict.fromkeys(normalise(name[:_MAX_COMPARED]).split()))
        if len(text) < 2:
            return []
        scores: dict[Label, float] = defaultdict(float)
        by_name = {known: label for label, names in reversed(self._entries) for known in names}
        for similar in difflib.get_close_matches(text, by_name, limit, _MIN_NAME_SIMILARITY):
            label = by_name[similar]
            scores[label] = max(scores[label], _similarity(text, similar))
        for label, known, total in self._similar_words(text):
            word_count = max(len(text.split()), len(known.split()))
            scores[label] = max(scores[label], total / word_count)
        for match, label in self._rank(text):
            scores[label] = max(scores[label], _PREFIX_SIMILARITY if match <= Match.PREFIX else 0)
        return sorted(scores, key=lambda label: -scores[label])[:limit]

    def _rank(self, query: str) -> list[tuple[Match, Label]]:
        """Return the labels that match a query and how, the best first."""
        text = normalise(query)
        if not text:
            return []
        keys = set(spelling_keys(query))
        matches = [
            (min(_match(text, keys, name) for name in names), label.number is not None, position)
            for position, (label, names) in enumerate(self._entries)
        ]
        return [
            (match, self._entries[position][0])
            for match, _, position in sorted(matches)
            if match < Match.NONE
        ]

    def _similar_words(self, text: str) -> list[tuple[Label, str, float]]:
        """Return names with words similar to those of a text, and the sum of the similarities."""
        totals: dict[tuple[Label, str], float] = defaultdict(float)
        for word in text.split():
            best: dict[tuple[Label, str], float] = {}
            matches = difflib.get_close_matches(word, self._names_by_word, 3, _MIN_WORD_SIMILARITY)
            for similar in matches:
                for entry in self._names_by_word[similar]:
                    best[entry] = max(best.get(entry, 0), _similarity(word, similar))
            for entry, similarity in best.items():
                totals[entry] += similarity
        return [(label, known, total) for (label, known), total in totals.items()]


def _match(text: str, keys: set[str], name: str) -> Match:
    joined = name.replace(" ", "")
    if joined in keys:
        return Match.EXACT
    if f" {text} " in f" {name} ":
        return Match.WORD
    if f" {text}" in f" {name}":
        return Match.PREFIX
    return Match.SUBSTRING if text.replace(" ", "") in joined else Match.NONE


def _similarity(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()

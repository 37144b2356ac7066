"""Labels for half a name, and for a wrong one."""

import difflib
from collections import defaultdict
from collections.abc import Sequence

from puppyslug.labels.label import Label
from puppyslug.labels.spelling import keys, words

_LONGEST = 60  # letters of a wrong name that are compared
_EXACT, _WORD, _START, _INSIDE, _NOWHERE = range(5)
_START_SCORE = 0.85  # of a name with a word that begins with the wrong name: nearly the best


class Searcher:
    """Finds labels by parts of names and by wrong names."""

    def __init__(self, labels: Sequence[Label]) -> None:
        """Index the names of labels."""
        self._spelt = tuple((label, tuple(map(words, label.names))) for label in labels)
        self._names_by_word: dict[str, list[tuple[Label, str]]] = defaultdict(list)
        for label, names in self._spelt:
            for name in names:
                for word in set(name.split()):
                    self._names_by_word[word].append((label, name))

    def search(self, word: str) -> list[Label]:
        """The labels that have a word in any of their names.

        Args:
            word: a word, several, or part of one, in any spelling that ``Vocabulary.find`` takes.

        Returns:
            The best first: those with exactly this name, those that have it as a word, those with
            a word that begins with it, those that have it inside. Of equals the groups come
            first, by name, then the classes, by number. Empty where nothing fits.
        """
        return [label for _, label in self._ranked(word)]

    def nearest(self, name: str, *, limit: int = 3) -> list[Label]:
        """The labels that a wrong name may have meant, the likeliest first.

        Near are names that are spelt alike as a whole or in some of their words, and those that
        the wrong name is a part of.
        """
        text = " ".join(dict.fromkeys(words(name[:_LONGEST]).split()))
        if len(text) < 2:
            return []
        scores: dict[Label, float] = defaultdict(float)
        by_name = {known: label for label, names in reversed(self._spelt) for known in names}
        for near in difflib.get_close_matches(text, by_name, limit, 0.7):
            scores[by_name[near]] = max(scores[by_name[near]], _likeness(text, near))
        for label, known, alike in self._names_with_near_words(text):
            most = max(len(text.split()), len(known.split()))
            scores[label] = max(scores[label], alike / most)
        for rank, label in self._ranked(text):
            scores[label] = max(scores[label], _START_SCORE if rank <= _START else 0)
        return sorted(scores, key=lambda label: -scores[label])[:limit]

    def _ranked(self, word: str) -> list[tuple[int, Label]]:
        """The labels that have a word in a name, with how well it fits, the best first."""
        wanted = words(word)
        if not wanted:
            return []
        exact = set(keys(word))
        ranks = [
            (min(_rank(wanted, exact, name) for name in names), label.number is not None, position)
            for position, (label, names) in enumerate(self._spelt)
        ]
        return [
            (rank, self._spelt[place][0]) for rank, _, place in sorted(ranks) if rank < _NOWHERE
        ]

    def _names_with_near_words(self, text: str) -> list[tuple[Label, str, float]]:
        """Names that share words, or nearly, with a text; and how many, near ones in part."""
        alike: dict[tuple[Label, str], float] = defaultdict(float)
        for word in text.split():
            best: dict[tuple[Label, str], float] = {}
            for near in difflib.get_close_matches(word, self._names_by_word, 3, 0.8):
                for found in self._names_by_word[near]:
                    best[found] = max(best.get(found, 0), _likeness(word, near))
            for found, likeness in best.items():
                alike[found] += likeness
        return [(label, known, likeness) for (label, known), likeness in alike.items()]


def _rank(wanted: str, exact: set[str], name: str) -> int:
    whole = name.replace(" ", "")
    if whole in exact:
        return _EXACT
    if f" {wanted} " in f" {name} ":
        return _WORD
    if f" {wanted}" in f" {name}":
        return _START
    return _INSIDE if wanted.replace(" ", "") in whole else _NOWHERE


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()

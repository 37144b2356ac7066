"""Objectives from text, such as ``2*relu4_4 - 0.5*relu5_1:12``."""

import re

from puppyslug.errors import ObjectiveError, suggest
from puppyslug.labels import FindLabel, unresolved_label
from puppyslug.objectives.objective import Objective
from puppyslug.objectives.registry import call_terms, pattern_terms
from puppyslug.objectives.term import Term

MAX_LENGTH = 2000  # characters; an objective may come from an untrusted recipe

_SIGN = re.compile(r"[+-]\s*")
_WEIGHT = re.compile(r"(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)\s*\*\s*", re.IGNORECASE)
_CALL = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*\((?P<arguments>(?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*)\)")
_CALL_START = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*\(")
# A comma between objectives is one outside of a call, and not that of a position.
_SEPARATOR = re.compile(rf"{_CALL.pattern}|,\s*\d|(?P<comma>,)")


def parse_objective(text: str, names: FindLabel = unresolved_label) -> Objective:
    """Create an objective from text.

    ``relu4_4`` is a layer, ``relu4_4:37`` its channel 37, ``relu4_4:37@12,40`` that channel at row
    12 and column 40, ``relu4_4:37@c`` at the centre, ``see(golden retriever)`` a class by name,
    ``guide("flowers.jpg", relu4_1)`` the features of another image, ``strongest(relu4_4, 3)`` the
    three channels that the image activates most strongly. Terms are weighted with ``2*`` and added
    with ``+`` and ``-``. Other terms can be registered; see ``docs/objectives.md``.

    Args:
        text: at most ``MAX_LENGTH`` characters.
        names: looks up a label by name; by default, that is left to the network.

    Raises:
        LabelError: unknown class or group.
        ObjectiveError: a syntax error; the message names the position.
    """
    if len(text) > MAX_LENGTH:
        raise ObjectiveError(
            f"the objective has {len(text)} characters; at most {MAX_LENGTH} are allowed"
        )
    rest = text.strip()
    if not rest:
        raise ObjectiveError(f"the objective is empty; write {_examples()}")
    terms: list[tuple[float, Term]] = []
    while rest:
        sign = _SIGN.match(rest)
        if sign is None and terms:
            raise _syntax_error(text, rest)
        if sign is not None:
            rest = rest[sign.end() :]
        factor = _WEIGHT.match(rest)
        weight = 1.0 if factor is None else float(factor[1])
        rest = rest if factor is None else rest[factor.end() :]
        term, length = _parse_term(text, rest, names)
        rest = rest[length:].lstrip()
        negative = sign is not None and sign[0].startswith("-")
        terms.append((-weight if negative else weight, term))
    return Objective(tuple(terms))


def parse_objectives(text: str, names: FindLabel = unresolved_label) -> list[Objective]:
    """Create several objectives from text that separates them by commas."""
    commas = [match for match in _SEPARATOR.finditer(text) if match["comma"]]
    starts = [0, *(comma.end() for comma in commas)]
    ends = [*(comma.start() for comma in commas), len(text)]
    return [
        parse_objective(text[start:end], names) for start, end in zip(starts, ends, strict=True)
    ]


def _parse_term(text: str, rest: str, find_label: FindLabel) -> tuple[Term, int]:
    """Parse the term at the start of ``rest``.

    Returns:
        The term, and the number of characters that it takes.
    """
    if start := _CALL_START.match(rest):
        calls = call_terms()
        if start["name"] not in calls:
            raise ObjectiveError(
                f"there is no term {start['name']}(…); {suggest(start['name'], calls)}"
            )
        match = _CALL.match(rest)
        kind, source = calls[start["name"]], match["arguments"] if match else ""
    else:
        matches = ((re.match(pattern, rest), kind) for pattern, kind in pattern_terms().items())
        found = [(match, kind) for match, kind in matches if match]
        if not found:
            raise _syntax_error(text, rest)
        match, kind = max(found, key=lambda one: one[0].end())
        source = match[0]
    if match is None:
        raise _syntax_error(text, rest)
    try:
        return kind.parse(source, find_label), match.end()
    except ValueError as error:
        raise _syntax_error(text, rest) from error


def _syntax_error(text: str, rest: str) -> ObjectiveError:
    place = f"at {rest[:20]!r}" if rest else "at its end"
    return ObjectiveError(
        f"syntax error in the objective {text[:80]!r} {place}; write {_examples()}"
    )


def _examples() -> str:
    kinds = (*pattern_terms().values(), *call_terms().values())
    return f"{', '.join(kind.example for kind in kinds)} or a sum such as 2*relu4_4 - relu5_1:12"

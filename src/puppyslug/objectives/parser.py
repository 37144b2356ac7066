"""Objectives from text, such as ``2*relu4_4 - 0.5*relu5_1:12``."""

import re

from puppyslug.errors import ObjectiveError
from puppyslug.objectives.objective import Objective
from puppyslug.objectives.terms import ChannelTerm, LayerTerm, NeuronTerm, Term

MAX_LENGTH = 2000  # characters; an objective may come from a recipe that nobody vouches for

_WEIGHT = re.compile(r"(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)\s*\*\s*", re.IGNORECASE)
_TERM = re.compile(
    r"(?P<layer>(?:[A-Za-z]\w*::)?[A-Za-z_][\w./]*)"
    r"(?:\s*:\s*(?P<channel>\d{1,9})"
    r"(?:\s*@\s*(?:(?P<centre>c)\b|(?P<row>\d{1,9})\s*,\s*(?P<column>\d{1,9})))?)?"
)
_SIGN = re.compile(r"[+-]\s*")
_EXAMPLES = "relu4_4, relu4_4:37, relu4_4:37@12,40 or 2*relu4_4 - 0.5*relu5_1:12"


def parse_objective(text: str) -> Objective:
    """Read an objective.

    ``relu4_4`` is a layer, ``relu4_4:37`` its channel 37, ``relu4_4:37@12,40`` that channel at
    row 12 and column 40, ``relu4_4:37@c`` at the centre. Terms are weighted with ``2*`` and added
    with ``+`` and ``-``.

    Args:
        text: at most ``MAX_LENGTH`` characters.

    Raises:
        ObjectiveError: the text does not follow this form; the message says where.
    """
    if len(text) > MAX_LENGTH:
        raise ObjectiveError(f"the objective has {len(text)} characters; {MAX_LENGTH} are allowed")
    rest = text.strip()
    if not rest:
        raise ObjectiveError(f"the objective is empty; write {_EXAMPLES}")
    terms: list[tuple[float, Term]] = []
    while rest:
        sign = _SIGN.match(rest)
        if sign is None and terms:
            raise _unreadable(text, rest)
        if sign is not None:
            rest = rest[sign.end() :]
        factor = _WEIGHT.match(rest)
        weight = 1.0 if factor is None else float(factor[1])
        rest = rest if factor is None else rest[factor.end() :]
        match = _TERM.match(rest)
        if match is None:
            raise _unreadable(text, rest)
        negative = sign is not None and sign[0].startswith("-")
        terms.append((-weight if negative else weight, _term(match)))
        rest = rest[match.end() :].lstrip()
    return Objective(tuple(terms))


def _term(match: re.Match[str]) -> Term:
    layer, channel = match["layer"], match["channel"]
    if channel is None:
        return LayerTerm(layer)
    if match["centre"]:
        return NeuronTerm(layer, int(channel))
    if match["row"]:
        return NeuronTerm(layer, int(channel), (int(match["row"]), int(match["column"])))
    return ChannelTerm(layer, int(channel))


def _unreadable(text: str, rest: str) -> ObjectiveError:
    place = f"at {rest[:20]!r}" if rest else "at its end"
    return ObjectiveError(f"the objective {text[:80]!r} cannot be read {place}; write {_EXAMPLES}")

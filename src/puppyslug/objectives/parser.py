"""Objectives from text, such as ``2*relu4_4 - 0.5*relu5_1:12``."""

import json
import re
from dataclasses import dataclass

from puppyslug.errors import ObjectiveError
from puppyslug.labels import FindLabel, find_label
from puppyslug.objectives.objective import Objective, guide, see
from puppyslug.objectives.term import ChannelTerm, LayerTerm, NeuronTerm, Term
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.objectives.terms.strongest import StrongestTerm

MAX_LENGTH = 2000  # characters; an objective may come from a recipe that nobody vouches for

_WEIGHT = re.compile(r"(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)\s*\*\s*", re.IGNORECASE)
_LAYER = r"(?:[A-Za-z][\w./:-]*?::)?\w[\w./]*"
_SEE = re.compile(r"see\s*\(\s*(?P<name>\"[^\"]*\"|[^()\"]*)\)")
_MASK = re.compile(rf"(?P<not>not\s+)?{_SEE.pattern}")
_GUIDE = re.compile(rf'guide\s*\(\s*(?P<name>"(?:[^"\\]|\\.)*")\s*,\s*(?P<layer>{_LAYER})\s*\)')
_STRONGEST = re.compile(rf"strongest\s*\(\s*(?P<layer>{_LAYER})\s*,\s*(?P<count>\d{{1,9}})\s*\)")
_TERM = re.compile(
    rf"(?P<layer>{_LAYER})"
    r"(?:\s*:\s*(?P<channel>\d{1,9})"
    r"(?:\s*@\s*(?:(?P<centre>c)\b|(?P<row>\d{1,9})\s*,\s*(?P<column>\d{1,9})))?)?"
)
_BETWEEN = re.compile(r",\s*(?=[^\s\d])")  # not the comma of a position
_SIGN = re.compile(r"[+-]\s*")
_EXAMPLES = (
    "relu4_4, relu4_4:37, relu4_4:37@12,40, see(golden retriever), "
    'guide("flowers.jpg", relu4_1) or 2*relu4_4 - 0.5*relu5_1:12'
)


def parse_objective(text: str, names: FindLabel = find_label) -> Objective:
    """Read an objective.

    ``relu4_4`` is a layer, ``relu4_4:37`` its channel 37, ``relu4_4:37@12,40`` that channel at
    row 12 and column 40, ``relu4_4:37@c`` at the centre, ``see(golden retriever)`` a thing by its
    name, ``guide("flowers.jpg", relu4_1)`` another picture's features, ``strongest(relu4_4, 3)``
    the three channels that answer most to the picture. Terms are weighted with ``2*`` and added
    with ``+`` and ``-``.

    Args:
        text: at most ``MAX_LENGTH`` characters.
        names: finds a label by its name; ImageNet's unless told otherwise.

    Raises:
        LabelError: ``see`` names no class or group.
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
        read = _read_term(rest, names)
        if read is None:
            raise _unreadable(text, rest)
        term, rest = read
        negative = sign is not None and sign[0].startswith("-")
        terms.append((-weight if negative else weight, term))
    return Objective(tuple(terms))


def parse_objectives(text: str, names: FindLabel = find_label) -> list[Objective]:
    """Read several objectives with commas between them; see ``parse_objective``."""
    return [parse_objective(part, names) for part in _BETWEEN.split(text)]


@dataclass(frozen=True)
class Mask:
    """Where a network sees a thing, or where it does not.

    Attributes:
        seen: the thing.
        inverted: whether the rest of the picture is meant.
    """

    seen: SeeTerm
    inverted: bool = False

    def __str__(self) -> str:
        return f"{'not ' if self.inverted else ''}{self.seen}"


def parse_mask(text: str, names: FindLabel = find_label) -> Mask:
    """Read a mask by name, such as ``see(cat)`` or ``not see(cat)``; see ``parse_objective``.

    Raises:
        LabelError: no such class or group.
        ObjectiveError: the text does not follow this form.
    """
    match = _MASK.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise ObjectiveError(
            f"{text[:80]!r} is no mask; name a picture, or write see(NAME) or not see(NAME)"
        )
    (term,) = see(match["name"].strip('"'), names).seen
    return Mask(term, inverted=match["not"] is not None)


def _read_term(text: str, names: FindLabel) -> tuple[Term, str] | None:
    """The term that a text begins with, and what comes after it."""
    if match := _SEE.match(text):
        term = see(match["name"].strip('"'), names).terms[0][1]
    elif match := _GUIDE.match(text):
        try:
            name = json.loads(match["name"])
        except ValueError:
            return None
        term = guide(name, match["layer"]).terms[0][1]
    elif match := _STRONGEST.match(text):
        term = StrongestTerm(match["layer"], int(match["count"]))
    elif match := _TERM.match(text):
        term = _term(match)
    else:
        return None
    return term, text[match.end() :].lstrip()


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

"""What a drawing maximises: named classes, in each network of an ensemble on its own."""

from dataclasses import replace

from puppyslug.networks import NetworkSpec
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.networks.specs.spec import LAYER_SEPARATOR
from puppyslug.objectives import Objective, Term
from puppyslug.objectives.terms.channel import ChannelTerm
from puppyslug.objectives.terms.see import SeeTerm

PROBE_WEIGHT = 2.0  # of a network with a linear probe, whose features are better than its classes
PROBE_LOGIT_WEIGHT = 0.3  # of the logit of a linear probe, whose probabilities are never sure


def separate_members(objective: Objective, spec: NetworkSpec) -> Objective:
    """Replace each class by the same class in every network of an ensemble.

    The logarithms of the networks' probabilities are added, so a thing has to convince each of
    them, whereas the mean of their logits can be that of a single one.

    Args:
        objective: with its labels resolved.
        spec: of the network or ensemble.
    """
    terms: list[tuple[float, Term]] = []
    for weight, term in objective.terms:
        if isinstance(term, SeeTerm):
            terms += _class_terms(weight, term, spec)
        else:
            terms.append((weight, term))
    return Objective(tuple(terms))


def _class_terms(weight: float, term: SeeTerm, spec: NetworkSpec) -> list[tuple[float, Term]]:
    terms: list[tuple[float, Term]] = []
    members = [member for member in spec.members or (spec,) if member.classes]
    for member in members:
        layer = f"{member.name}{LAYER_SEPARATOR}{CLASS_MAP}" if spec.members else CLASS_MAP
        factor = PROBE_WEIGHT if member.probe else 1.0
        terms.append((factor * weight, replace(term, layer=layer)))
        if member.probe and len(term.classes) == 1:
            logit = ChannelTerm(layer, term.classes[0])
            terms.append((factor * PROBE_LOGIT_WEIGHT * weight, logit))
    return terms

"""What to maximise. Objectives add, subtract and scale, and have a text form both ways.

Nothing here imports torch: an objective only calls methods of the activations it is given.
"""

from puppyslug.objectives.batch import Batch
from puppyslug.objectives.objective import (
    Objective,
    channel,
    guide,
    layer,
    neuron,
    see,
)
from puppyslug.objectives.parser import Mask, parse_mask, parse_objective, parse_objectives
from puppyslug.objectives.term import ChannelTerm, LayerTerm, NeuronTerm, Part, Term
from puppyslug.objectives.terms.guide import GuideTerm
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.objectives.terms.strongest import StrongestTerm

__all__ = [
    "Batch",
    "ChannelTerm",
    "GuideTerm",
    "LayerTerm",
    "Mask",
    "NeuronTerm",
    "Objective",
    "Part",
    "SeeTerm",
    "StrongestTerm",
    "Term",
    "channel",
    "guide",
    "layer",
    "neuron",
    "parse_mask",
    "parse_objective",
    "parse_objectives",
    "see",
]

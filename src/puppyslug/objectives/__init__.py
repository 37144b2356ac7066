"""What to maximise. Objectives add, subtract and scale, and have a text form both ways.

Nothing here imports torch: an objective only calls methods of the activations it is given.
"""

from puppyslug.objectives.objective import Objective, channel, layer, neuron
from puppyslug.objectives.parser import parse_objective
from puppyslug.objectives.terms import ChannelTerm, LayerTerm, NeuronTerm, Part, Term

__all__ = [
    "ChannelTerm",
    "LayerTerm",
    "NeuronTerm",
    "Objective",
    "Part",
    "Term",
    "channel",
    "layer",
    "neuron",
    "parse_objective",
]

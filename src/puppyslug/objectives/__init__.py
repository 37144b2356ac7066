"""What a dream maximises. Objectives add, subtract and scale, and have a text form both ways.

Importing this package does not import torch; terms import it when they compute.
"""

from puppyslug.objectives.batch import Batch
from puppyslug.objectives.class_mask import ClassMask
from puppyslug.objectives.factories import channel, guide, layer, neuron, patches, see
from puppyslug.objectives.mask_expressions import MASK_NAMES, Mask, is_mask_expression, parse_mask
from puppyslug.objectives.objective import Objective
from puppyslug.objectives.parser import parse_objective, parse_objectives
from puppyslug.objectives.term import MapRegion, Term, TermContext, register_term

__all__ = [
    "MASK_NAMES",
    "Batch",
    "ClassMask",
    "MapRegion",
    "Mask",
    "Objective",
    "Term",
    "TermContext",
    "channel",
    "guide",
    "is_mask_expression",
    "layer",
    "neuron",
    "parse_mask",
    "parse_objective",
    "parse_objectives",
    "patches",
    "register_term",
    "see",
]

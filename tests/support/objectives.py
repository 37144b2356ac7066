"""Hypothesis strategies of objectives."""

from hypothesis import strategies as st

from puppyslug.objectives import Objective, see
from puppyslug.objectives.terms.channel import ChannelTerm
from puppyslug.objectives.terms.guide import GuideTerm
from puppyslug.objectives.terms.layer import LayerTerm
from puppyslug.objectives.terms.neuron import NeuronTerm

layers = st.sampled_from(
    ["relu4_4", "inception_4c/output", "conv1/7x7_s2", "Mixed_6b", "vgg19::relu4_4", "a.1.conv"]
)
numbers = st.integers(0, 2000)
terms = st.one_of(
    st.builds(LayerTerm, layers),
    st.builds(ChannelTerm, layers, numbers),
    st.builds(NeuronTerm, layers, numbers, st.none() | st.tuples(numbers, numbers)),
)
weights = st.floats(-1e6, 1e6).filter(lambda weight: weight != 0)
objectives = st.builds(
    Objective, st.lists(st.tuples(weights, terms), min_size=1, max_size=5).map(tuple)
)
class_objectives = st.sampled_from(["pagoda", "dog", "any dog", "Egyptian cat", "3"]).map(see)
guide_terms = st.builds(GuideTerm, layers, st.text(min_size=1).filter(lambda name: "/" not in name))

"""What a taught network's classes are called. Nothing here imports torch."""

from puppyslug.labels import Vocabulary, bundled
from puppyslug.networks.specs import SPECS, NetworkSpec
from puppyslug.networks.specs.spec import Taught


def taught_vocabulary(spec: NetworkSpec, taught: Taught) -> Vocabulary:
    """The things that a network was taught, then what its base knows.

    Args:
        spec: of the network.
        taught: what it was taught.
    """
    base = SPECS[taught.base]
    below = bundled(base.vocabulary)
    if taught.classes:
        below = Vocabulary.of_names(base.name, taught.classes)
    return Vocabulary.taught(spec.name, taught.things, below)

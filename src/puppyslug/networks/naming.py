"""What a taught network's classes are called. Nothing here imports torch."""

from puppyslug.labels import Vocabulary, bundled
from puppyslug.networks.records import RECORDS, NetworkRecord
from puppyslug.networks.records.record import Taught


def taught_vocabulary(record: NetworkRecord, taught: Taught) -> Vocabulary:
    """The things that a network was taught, then what its base knows.

    Args:
        record: of the network.
        taught: what it was taught.
    """
    base = RECORDS[taught.base]
    below = bundled(base.vocabulary)
    if taught.classes:
        below = Vocabulary.of_names(base.name, taught.classes)
    return Vocabulary.taught(record.name, taught.things, below)

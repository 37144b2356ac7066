"""See a thing by its name: the probability that a network gives to a class or a group of them."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel, Label
from puppyslug.networks import list_networks
from puppyslug.networks.specs import NetworkSpec
from puppyslug.objectives.term import Part, Term

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SeeTerm(Term):
    """The logarithm of the probability that the network gives to a label.

    The network's logits are the mean of its class map over all positions, so the probability is
    the network's own verdict on the picture as it is. Unlike a single logit it does not grow by
    things that look like any other class as well, which is where a logit's grain comes from.

    A group's probability is the sum of its members': it grows towards whichever is nearest.

    Attributes:
        layer: where the network keeps its class map.
        label: what to see.
        any_member: for a group, whether it stays one; else preparing a dream puts the member in
            its place that the picture is nearest to.
    """

    label: Label
    any_member: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the thing is a group of which one member is still to be chosen."""
        return self.label.number is None and not self.any_member

    def narrowed(self, label: Label) -> "SeeTerm":
        """The same term for one class."""
        return replace(self, label=label, any_member=False)

    def named(self, names: FindLabel) -> "SeeTerm":
        """See ``Term.named``."""
        if self.label.members:
            return self
        label = names(self.label.name)
        return replace(self, label=label, any_member=self.any_member and label.number is None)

    @property
    def is_global(self) -> bool:
        """See ``Term.is_global``."""
        return True

    def summary(self, part: Part) -> "Tensor":
        """See ``Term.summary``: the part's share of the logits, (N, classes)."""
        return part.activation.float().sum((2, 3)) / (part.whole[0] * part.whole[1])

    def score(self, part: Part, total: "Tensor | None" = None) -> "Tensor":
        """See ``Term.score``; the parts' shares of the gradient add up to the whole's."""
        own = self.summary(part)
        logits = (own if total is None else total).detach()
        members = list(self.label.members)
        towards = -logits.softmax(1)
        towards[:, members] += logits[:, members].softmax(1)
        value = logits[:, members].logsumexp(1) - logits.logsumexp(1)
        rows, columns = part.activation.shape[-2:]
        share = rows * columns / (part.whole[0] * part.whole[1])
        return (own * towards).sum(1) + share * (value - (logits * towards).sum(1))

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """See ``Term.check``."""
        if spec.no_classes:
            raise ObjectiveError(spec.no_classes)
        if not spec.classes:
            know = ", ".join(known.name for known in list_networks() if known.classes)
            raise ObjectiveError(
                f"{spec.name} knows no classes by name, so it cannot see {self.label.name}; "
                f"take one that does ({know}), or both, such as {spec.name}+{know.split(',')[0]}"
            )
        super().check(spec, size)

    def __str__(self) -> str:
        return f"see({'any ' if self.any_member else ''}{self.label.name})"

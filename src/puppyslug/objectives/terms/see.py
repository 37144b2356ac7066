"""``see(golden retriever)``: a class, or a group of classes, by name."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel, Label
from puppyslug.networks import list_networks
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.objectives.term import MapRegion, Term, TermContext, register_term

if TYPE_CHECKING:
    from torch import Tensor

_ANY = "any "  # before the name of a group that stays a group


@register_term
@dataclass(frozen=True)
class SeeTerm(Term):
    """The logarithm of the probability that the network predicts for a label.

    The network's logits are the mean of its class map over all positions, so the probability is the
    network's own prediction for the image. Maximising a single logit instead also amplifies what
    raises the logits of other classes, which gives grain.

    The probability of a group is the sum of those of its members.

    Attributes:
        layer: the layer that holds the network's class map.
        label: the class or group.
        any_member: for a group, whether it stays one. Otherwise the member that is most likely in
            the image replaces it when a dream begins.
    """

    call = "see"
    example = "see(golden retriever)"

    label: Label
    any_member: bool = False

    @classmethod
    def parse(cls, text: str, find_label: FindLabel) -> Self:
        """See ``Term.parse``; quotes around the name are optional."""
        name = text.strip().strip('"').strip()
        any_member = name[: len(_ANY)].lower() == _ANY
        label = find_label(name[len(_ANY) :] if any_member else name)
        return cls(CLASS_MAP, label, any_member=any_member and label.number is None)

    def __str__(self) -> str:
        return f"see({_ANY if self.any_member else ''}{self.label.name})"

    @property
    def classes(self) -> tuple[int, ...]:
        """See ``Term.classes``."""
        return self.label.class_numbers

    def resolve_label(self, find_label: FindLabel) -> Self:
        """See ``Term.resolve_label``; a label of another vocabulary is looked up again by name."""
        label = find_label(self.label.name)
        return replace(self, label=label, any_member=self.any_member and label.number is None)

    def resolve(self, context: TermContext) -> tuple[Term, ...]:
        """Replace a group by the member that the network finds most likely in the image."""
        term = self.resolve_label(context.network.find_label)
        if term.label.number is not None or term.any_member:
            return (term,)
        members = list(term.label.class_numbers)
        best = members[int(context.logits()[members].argmax())]
        label = context.network.require_vocabulary().labels[best]
        return (replace(self, label=label, any_member=False),)

    @property
    def is_global(self) -> bool:
        """See ``Term.is_global``."""
        return True

    def summary(self, region: MapRegion) -> "Tensor":
        """See ``Term.summary``: the region's share of the logits, (N, classes)."""
        return region.activation.float().sum((2, 3)) / (region.map_size[0] * region.map_size[1])

    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":
        """See ``Term.score``; the regions' shares of the gradient add up to the whole's."""
        logits_share = self.summary(region)
        logits = (logits_share if total is None else total).detach()
        members = list(self.label.class_numbers)
        if not members:
            raise ObjectiveError(
                f"the class of {self} is not known yet; use resolve_labels(network.find_label)"
            )
        gradient = -logits.softmax(1)
        gradient[:, members] += logits[:, members].softmax(1)
        value = logits[:, members].logsumexp(1) - logits.logsumexp(1)
        rows, columns = region.activation.shape[-2:]
        share = rows * columns / (region.map_size[0] * region.map_size[1])
        return (logits_share * gradient).sum(1) + share * (value - (logits * gradient).sum(1))

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """See ``Term.check``."""
        if spec.class_map_error:
            raise ObjectiveError(spec.class_map_error)
        if not spec.classes:
            classifiers = ", ".join(known.name for known in list_networks() if known.classes)
            raise ObjectiveError(
                f"{spec.name} has no classes, so it cannot see {self.label.name}; use a network "
                f"that has ({classifiers}), or both, such as "
                f"{spec.name}+{classifiers.split(',')[0]}"
            )
        super().check(spec, size)

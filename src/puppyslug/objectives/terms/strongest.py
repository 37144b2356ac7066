"""Whatever answers most: channels that are chosen once there is a picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.networks.specs import NetworkSpec
from puppyslug.objectives.term import Part, Term

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class StrongestTerm(Term):
    """The channels that answer most to the picture; preparing a dream puts them in its place.

    Attributes:
        count: how many.
    """

    count: int

    def score(self, part: Part, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """Not before its channels are known.

        Raises:
            ObjectiveError: always.
        """
        raise ObjectiveError(
            f"{self} depends on the picture, so it can only be asked for when a dream begins"
        )

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """See ``Term.check``."""
        super().check(spec, size)
        channels = spec.layer(self.layer).channels
        if not 1 <= self.count <= channels:
            raise ObjectiveError(
                f"{self.layer} of {spec.name} has {channels} channels; ask for 1 to {channels} "
                f"of them, not {self.count}"
            )

    def __str__(self) -> str:
        return f"strongest({self.layer}, {self.count})"

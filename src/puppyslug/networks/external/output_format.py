"""How the output of a module is converted to a map."""

from typing import NamedTuple

from torch import Tensor

from puppyslug.images.sizes import Size


class OutputFormat(NamedTuple):
    """How to convert a submodule's output to a map N×C×h×w.

    Attributes:
        channels_last: whether it is N×h×w×C.
        extra_tokens: number of tokens before those of the map, where it is N×tokens×C; None where
            it is no sequence of tokens.
        path: dotted name of the submodule, which may differ from the layer's.
        key: which tensor of its output it is; see ``OutputId``.
    """

    channels_last: bool = False
    extra_tokens: int | None = None
    path: str = ""
    key: str = ""

    def to_map(self, output: Tensor, size: Size) -> Tensor:
        """Convert a submodule's output to a map.

        Args:
            output: the submodule's output.
            size: (rows, columns) of the map, for tokens.
        """
        if self.extra_tokens is not None:
            tokens = output[:, self.extra_tokens :]
            return tokens.transpose(1, 2).reshape(len(output), -1, *size)
        if self.channels_last:
            return output.permute(0, 3, 1, 2)
        return output if output.dim() == 4 else output[:, :, None, None]

"""Functions that create objectives of one term."""

import operator

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel, unresolved_label
from puppyslug.objectives.objective import Objective
from puppyslug.objectives.terms.channel import ChannelTerm
from puppyslug.objectives.terms.function import FunctionTerm, ScoreFunction, name_function
from puppyslug.objectives.terms.guide import GuideTerm
from puppyslug.objectives.terms.layer import LayerTerm
from puppyslug.objectives.terms.neuron import NeuronTerm
from puppyslug.objectives.terms.patches import PatchesTerm
from puppyslug.objectives.terms.see import SeeTerm


def layer(name: str) -> Objective:
    """Amplify whatever a layer responds to: half its mean square (the notebook's objective).

    Args:
        name: a layer's name, such as ``"relu4_4"``.

    Raises:
        ObjectiveError: the name is empty. Whether the network has the layer is checked when the
            objective is used.
    """
    return Objective(((1.0, LayerTerm(_layer_name(name))),))


def channel(name: str, number: int) -> Objective:
    """Amplify the mean activation of one channel.

    Args:
        name: a layer's name.
        number: index of the channel, from 0.

    Raises:
        ObjectiveError: the name is empty, or the number is no integer.
    """
    return Objective(((1.0, ChannelTerm(_layer_name(name), _index(number))),))


def neuron(name: str, number: int, position: Size | None = None) -> Objective:
    """Amplify the activation of one channel at one position.

    Args:
        name: a layer's name.
        number: index of the channel, from 0.
        position: (row, column) in the layer's map of the image at its final size; None for the
            centre.

    Raises:
        ObjectiveError: the name is empty, or number or position are no integers.
    """
    return Objective(((1.0, NeuronTerm(_layer_name(name), _index(number), _position(position))),))


def see(name: str, names: FindLabel = unresolved_label) -> Objective:
    """Amplify a class by name: the logarithm of the probability that the network predicts for it.

    Args:
        name: a class or a group of classes, such as ``"golden retriever"`` or ``"dog"``. When a
            dream begins, a group is replaced by the member that is most likely in the image;
            ``"any dog"`` keeps the group.
        names: looks up a label by name, such as ``network.find_label``; by default, the name is
            looked up in the network that the objective is used with.

    Raises:
        LabelError: the name is empty, or ``names`` has no such class or group.
    """
    return Objective(((1.0, SeeTerm.parse(_class_name(name), names)),))


def guide(name: str, layer: str) -> Objective:
    """Amplify the features of another image (the notebook's guide).

    Args:
        name: the guide's file name, without folders.
        layer: the layer whose features are matched.

    Raises:
        ObjectiveError: the name is empty, or contains a folder.
    """
    return Objective(((1.0, GuideTerm.named(name, layer)),))


def patches(name: str, layer: str) -> Objective:
    """Compose the picture of patches of another image, so that it looks like it.

    Args:
        name: the guide's file name, without folders.
        layer: the layer whose patches are matched; low ones give strokes, higher ones parts.

    Raises:
        ObjectiveError: the name is empty, or contains a folder.
    """
    return Objective(((1.0, PatchesTerm.named(name, layer)),))


def objective(function: ScoreFunction, layer: str) -> Objective:
    """Amplify what a function of your own computes from a layer's activation.

    Pictures of such objectives are saved without a recipe, because no recipe contains the function.

    Args:
        function: maps an activation, float32 N×C×h×w, to the scores of the images, (N,), or of all
            positions, N×h×w, whose mean is then the score. It is differentiated by torch. Only
            scores of positions can be computed in tiles.
        layer: a layer's name.

    Raises:
        ObjectiveError: it is no function.
    """
    if not callable(function):
        raise ObjectiveError(
            f"an objective is a function of a layer's activation, not {type(function).__name__}; "
            "for text use parse_objective(…)"
        )
    return Objective(((1.0, FunctionTerm(_layer_name(layer), name_function(function))),))


def _layer_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ObjectiveError(f"a layer is named by text, such as 'relu4_4', not {name!r}")
    return name


def _index(number: object) -> int:
    try:
        return operator.index(number)  # type: ignore[arg-type]
    except TypeError as error:
        raise ObjectiveError(
            f"a channel is a whole number from 0, such as 37, not {number!r}"
        ) from error


def _position(position: object) -> Size | None:
    if position is None:
        return None
    if not isinstance(position, list | tuple) or len(position) != 2:
        raise ObjectiveError(f"a position is (row, column), such as (12, 40), not {position!r}")
    row, column = position
    return _index(row), _index(column)


def _class_name(name: object) -> str:
    if isinstance(name, bool) or not isinstance(name, str | int):
        raise ObjectiveError(f"a class is a name or number, such as 'castle', not {name!r}")
    return str(name)

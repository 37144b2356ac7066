"""Objectives that an image does not activate at all, so that they have no gradient.

A ReLU passes no gradient where its output is 0. To find an image that activates a channel
nonetheless, its pre-activation is maximised: that of the convolution below, where the network has
it as a layer; for other networks, the gradient is redirected through the ReLUs (as in Lucid's
``redirected_relu_grad``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from puppyslug.networks import NetworkSpec
from puppyslug.networks.network import Network
from puppyslug.objectives import Batch, Objective
from puppyslug.objectives.terms.channel import ChannelTerm

_RELUS: frozenset[Callable[..., Any]] = frozenset(
    (
        functional.relu,
        torch.relu,
        torch.relu_,
        Tensor.relu,
        Tensor.relu_,
    )
)


def move_before_relu(batch: Batch, inactive: Sequence[bool], spec: NetworkSpec) -> Batch:
    """Move the terms of inactive objectives from a ReLU to the convolution below it.

    Terms stay where they are if the network has no such layer.
    """
    layers = {layer.name for layer in spec.layers}

    def move(objective: Objective) -> Objective:
        terms = []
        for weight, term in objective.terms:
            convolution = term.layer.replace("relu", "conv", 1)
            known = convolution in layers
            terms.append((weight, replace(term, layer=convolution) if known else term))
        return Objective(tuple(terms))

    return replace(
        batch,
        objectives=tuple(
            move(objective) if is_inactive else objective
            for objective, is_inactive in zip(batch.objectives, inactive, strict=True)
        ),
    )


def find_inactive(network: Network, objectives: Sequence[Objective], images: Tensor) -> list[bool]:
    """Tell which images do not activate the channels that their objective asks for.

    Args:
        network: the network to evaluate.
        objectives: one for each image; those other than sums of channels always count as active.
        images: N×3×H×W RGB in [0, 1].
    """
    layers = sorted({name for one in objectives if _is_of_channels(one) for name in one.layers})
    if not layers:
        return [False] * len(objectives)
    with torch.no_grad():
        activations = network.activations(images, layers)
    return [
        _is_of_channels(objective)
        and not float(objective.score(_positive_part(activations, objective, number))[0]) > 0
        for number, objective in enumerate(objectives)
    ]


def _positive_part(
    activations: Mapping[str, Tensor], objective: Objective, number: int
) -> dict[str, Tensor]:
    return {name: activations[name][number : number + 1].clamp(min=0) for name in objective.layers}


def _is_of_channels(objective: Objective) -> bool:
    return all(weight > 0 and isinstance(term, ChannelTerm) for weight, term in objective.terms)


def _is_relu6(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Return whether a call is the one with which ``nn.ReLU6`` computes."""
    bounds = (*args[1:3], kwargs.get("min_val"), kwargs.get("max_val"))
    return func is functional.hardtanh and [one for one in bounds if one is not None] == [0, 6]


class RedirectedReluGradients(TorchFunctionMode):
    """Lets gradients that raise a pre-activation pass a ReLU where its output is 0."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Replace ReLUs, and call all other functions as they are."""
        if func in _RELUS and args:
            return _redirect(args[0])
        if func is functional.relu6 or _is_relu6(func, args, kwargs or {}):
            return _redirect(args[0]).clamp(max=6)
        return func(*args, **(kwargs or {}))


class _RedirectedRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        x: Tensor
        (x,), (gradient,) = ctx.saved_tensors, gradients
        return gradient * ((x > 0) | (gradient > 0))


def _redirect(x: Tensor) -> Tensor:
    output: Tensor = _RedirectedRelu.apply(x)  # type: ignore[no-untyped-call]
    return output

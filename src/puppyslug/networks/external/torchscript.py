"""Traced and scripted modules, whose layers are the operations of their graph.

TorchScript calls no forward hooks of submodules. So the operations at the top level of the graph
are called one by one from Python.
"""

import io
import operator
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

_ATEN = "aten::"
_OPERATIONS: dict[str, Callable[..., Any]] = {
    "prim::ListConstruct": lambda *values: list(values),
    "prim::TupleConstruct": lambda *values: values,
    "prim::ListUnpack": tuple,
    "prim::TupleUnpack": tuple,
    "prim::NumToTensor": torch.tensor,
    "prim::unchecked_cast": lambda value: value,
    "aten::__getitem__": operator.getitem,
    "aten::len": len,
    "aten::__is__": operator.is_,
    "aten::__isnot__": operator.is_not,
    "aten::__not__": operator.not_,
}
_KINDS = {*_OPERATIONS, "prim::GetAttr", "prim::Constant", "prim::If"}


class _EvaluationError(Exception):
    """An operation cannot be evaluated from Python."""


class ScriptedLayers(nn.Module):
    """A TorchScript module with a submodule for each operation, through which its result passes.

    An operation is named as the submodule whose weights it uses; others are named as operations
    after it, such as ``features.0.relu``. The last operation inside a submodule has its name, too.
    A module with loops or operations that cannot be called from Python is run as it is; its own
    output is its only layer.
    """

    def __init__(self, script: torch.jit.ScriptModule) -> None:
        super().__init__()
        self.script = script
        self._graph = script.inlined_graph
        kinds = {node.kind() for node in self._graph.nodes()}
        is_known = all(kind in _KINDS or kind.startswith(_ATEN) for kind in kinds)
        self._names = _name_operations(self._graph) if is_known else {}
        for path in {path for paths in self._names.values() for path in paths}:
            node: nn.Module = self
            for part in path.split("."):
                if part not in dict(node.named_children()):
                    node.add_module(part, nn.Identity())
                node = node.get_submodule(part)

    def forward(self, x: Tensor) -> Any:
        """Run the module, and pass every result through the submodules of its names."""
        if not self._names:
            return self.script(x)
        module, image = self._graph.inputs()
        values: dict[str, Any] = {module.debugName(): self.script, image.debugName(): x}
        try:
            self._run(self._graph, values)
        except _EvaluationError:
            return self.script(x)
        return values[next(self._graph.outputs()).debugName()]

    def _run(self, block: Any, values: dict[str, Any]) -> None:
        """Evaluate the operations of a block, and add their results to the values."""
        for node in block.nodes():
            outputs = [one.debugName() for one in node.outputs()]
            if node.kind() == "prim::If":
                condition = values[next(node.inputs()).debugName()]
                branch = list(node.blocks())[0 if condition else 1]
                self._run(branch, values)
                results = tuple(values[one.debugName()] for one in branch.outputs())
            else:
                result = _evaluate(node, values)
                for path in self._names.get(outputs[0] if outputs else "", ()):
                    result = self.get_submodule(path)(result)
                results = (result,) if len(outputs) == 1 else tuple(result or ())
            values |= dict(zip(outputs, results, strict=True))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy by TorchScript's own format."""
        buffer = io.BytesIO()
        torch.jit.save(self.script, buffer)
        return _restore, (buffer.getvalue(),)


def wrap_script(module: torch.jit.ScriptModule) -> nn.Module:
    """Return a copy of a TorchScript module for evaluation in float32, with its layers."""
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    copied = _restore(buffer.getvalue())
    copied.script = copied.script.float()
    return copied


def _restore(data: bytes) -> ScriptedLayers:
    script = torch.jit.load(io.BytesIO(data), map_location="cpu")  # type: ignore[no-untyped-call]
    script.eval()
    for parameter in script.parameters():
        parameter.requires_grad_(False)
    return ScriptedLayers(script)


def _evaluate(node: Any, values: dict[str, Any]) -> Any:
    """Return the result of an operation of a graph."""
    kind = node.kind()
    arguments = [values[one.debugName()] for one in node.inputs()]
    if kind == "prim::GetAttr":
        return getattr(arguments[0], node.s("name"))
    if kind == "prim::Constant":
        return node.output().toIValue()
    try:
        operation = _OPERATIONS.get(kind) or getattr(torch.ops.aten, kind.removeprefix(_ATEN))
        return operation(*arguments)
    except Exception as error:  # not supported, or an input that the module does not accept
        raise _EvaluationError from error


def _name_operations(graph: Any) -> dict[str, list[str]]:
    """Return the names of every operation's result, by its name in the graph."""
    found: dict[str, str] = {}
    owner = ""
    for node in graph.nodes():
        outputs = [one for one in node.outputs() if one.type().kind() == "TensorType"]
        if not node.kind().startswith(_ATEN) or len(outputs) != 1:
            continue
        operation = node.kind().removeprefix(_ATEN).strip("_")
        name = _owner_of_weights(node)
        if name:
            owner = name
        else:
            name = f"{owner}.{operation}".strip(".")
            while name in found:
                name += "_"
        for path in (*_ancestors(owner), name):
            found[path] = outputs[0].debugName()
    names: dict[str, list[str]] = {}
    for path, result in found.items():
        names.setdefault(result, []).insert(0, path)
    return names


def _owner_of_weights(node: Any) -> str:
    """Return the submodule whose weights an operation uses; empty if it uses none."""
    for value in node.inputs():
        names = []
        source = value.node()
        while source.kind() == "prim::GetAttr":
            names.append(source.s("name"))
            source = next(source.inputs()).node()
        if len(names) > 1:
            return ".".join(reversed(names[1:]))
    return ""


def _ancestors(path: str) -> Iterator[str]:
    """Return the names of the submodules that a submodule is in."""
    parts = path.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts)))

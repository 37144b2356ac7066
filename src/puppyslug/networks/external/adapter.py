"""Adapts a module of the caller: copies and inspects it, and describes it as a network."""

from collections.abc import Sequence

from torch import nn

from puppyslug.errors import NetworkError
from puppyslug.labels import Vocabulary, bundled_vocabulary
from puppyslug.networks.external.introspection import inspect_module
from puppyslug.networks.external.module_architecture import ModuleArchitecture
from puppyslug.networks.external.module_copy import copy_module
from puppyslug.networks.external.spec import InputFormat, build_spec
from puppyslug.networks.specs import NetworkSpec


def named_vocabulary(name: str, labels: Sequence[str] | str | None) -> Vocabulary | None:
    """Return the vocabulary of a network's labels; see ``Network.from_module``."""
    if labels is None:
        return None
    if not labels:
        raise NetworkError("labels is empty; name the classes, or leave it out")
    bundled = bundled_vocabulary(labels) if isinstance(labels, str) else None
    return bundled or Vocabulary.from_names(name, labels)


def adapt_module(
    module: nn.Module,
    vocabulary: Vocabulary | None,
    input_format: InputFormat,
    *,
    name: str,
    output: str | int | None,
    default_layer: str | None,
    trained_at: int | None,
) -> tuple[NetworkSpec, ModuleArchitecture]:
    """Describe a module, and wrap a copy of it; for arguments and errors see ``from_module``."""
    if not isinstance(name, str) or not name.strip():
        raise NetworkError(f"the name of a network is text, such as 'mine', not {name!r}")
    if trained_at is not None and not (isinstance(trained_at, int) and trained_at >= 1):
        raise NetworkError(f"trained_at is {trained_at!r}; give a side length in pixels, or None")
    module = copy_module(module)
    introspection = inspect_module(
        module,
        trained_at,
        vocabulary.classes if vocabulary else 0,
        None if output is None else str(output),
    )
    spec = build_spec(
        module, introspection, vocabulary, input_format, name=name, default_layer=default_layer
    )
    return spec, ModuleArchitecture(module, introspection)

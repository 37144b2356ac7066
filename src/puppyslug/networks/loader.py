"""Loading networks and ensembles, once per process for each set of choices."""

import functools
from pathlib import Path

import torch

from puppyslug.errors import WeightsError
from puppyslug.labels import Vocabulary
from puppyslug.networks.architectures import ARCHITECTURES
from puppyslug.networks.ensemble import Ensemble
from puppyslug.networks.external.loader import allow, bring
from puppyslug.networks.network import Network
from puppyslug.networks.registry import find_spec
from puppyslug.networks.runtime import resolve_device, resolve_precision, resolve_winograd
from puppyslug.networks.specs import NetworkSpec
from puppyslug.networks.weights.cache import cache_folder, cached_path, file_sha256
from puppyslug.networks.weights.download import URLS, fetch, is_url, remote_file
from puppyslug.networks.weights.loader import check_finite, check_known, fill, find_weights


def load_network(
    name: str | NetworkSpec,
    *,
    weights: str | Path | None = None,
    labels: str | Path | None = None,
    precision: str = "auto",
    device: str = "auto",
    winograd: int | str = "auto",
) -> Network:
    """Load a network, once per process for each set of arguments.

    Args:
        name: a network's name, as ``list_networks`` gives them; several joined by ``+``;
            ``timm/NAME`` or ``torchvision/NAME``; a file that was taught; or
            ``"package.module:factory"``, code of your own that is then run. Or a record that was
            looked up, where whoever named it was asked.
        weights: a weights file instead of the one that the install brought, or its URL.
        labels: a file with the names of its classes; see ``puppyslug.labels.label.read_labels``.
        precision: ``"float32"``, ``"bfloat16"``, or ``"auto"`` for what the processor is fast at.
        device: ``"cpu"``, ``"cuda"``, ``"mps"``, or ``"auto"`` for a GPU where there is one.
        winograd: fewest channels for which 3×3 convolutions go by Winograd's method, 0 for none,
            ``"auto"`` for what is faster here, or ``"steady"`` for what mostly is.

    Raises:
        LabelError: labels that cannot be read, or of another number of classes.
        NetworkError: unknown network.
        WeightsError: weights that are missing, damaged or of another network.
    """
    if isinstance(name, str):
        allow(name)
    spec = find_spec(name) if isinstance(name, str) else name
    for option, file in (("weights", weights), ("labels", labels)):
        if file is not None and spec.members:
            raise WeightsError(f"{spec.name} is several networks; a {option} file is for one")
        if file is not None and (spec.brought or spec.taught):
            raise WeightsError(f"{spec.name} brings its own {option}; leave out --{option}")
    path = None if weights is None else local_file(weights)
    device = resolve_device(device)
    precision = resolve_precision(precision, device, exact=spec.brings_modules)
    return _load(
        spec,
        path,
        None if labels is None else Path(labels),
        precision,
        device,
        resolve_winograd(winograd, precision, device),
    )


def local_file(weights: str | Path) -> Path:
    """A weights file on this machine; a URL is downloaded once."""
    if isinstance(weights, str) and is_url(weights):
        return fetch(remote_file(weights))
    return Path(weights)


@functools.cache
def _load(
    spec: NetworkSpec,
    weights: Path | None,
    labels: Path | None,
    precision: str,
    device: str,
    winograd_from: int,
) -> Network:
    if spec.brought:
        return bring(spec.name).moved(precision=precision, device=device)
    if spec.members:
        members = [_load(one, None, None, precision, device, winograd_from) for one in spec.members]
        return Ensemble(spec, members)
    path = find_weights(spec) if weights is None else weights
    if not path.is_file():
        raise WeightsError(f"the weights {path} do not exist, or are no file; check the name")
    sha256 = file_sha256(path)
    if weights is None:
        check_known(spec, path, sha256)
    with torch.device("meta"):  # no time lost on random weights that are replaced at once
        architecture = ARCHITECTURES[spec.architecture](spec)
    try:
        fill(architecture, spec, path)
        if weights is not None or spec.taught:
            check_finite(architecture, path)
    except WeightsError:
        if path.is_relative_to(cache_folder() / URLS):
            path.unlink()  # else nobody would ever download it again
        raise
    return Network(
        spec,
        architecture,
        weights_name=path.name.encode("utf-8", "replace").decode(),
        weights_sha256=sha256,
        precision=precision,
        device=device,
        winograd_from=winograd_from,
        vocabulary=_vocabulary(spec, labels),
    )


def _vocabulary(spec: NetworkSpec, labels: Path | None) -> Vocabulary | None:
    """The names of the classes, where a file has them: the one given, else the one fetched."""
    if labels is None and spec.labels is not None:
        fetched = cached_path(spec.labels)
        labels = fetched if fetched.is_file() else None
    return None if labels is None else Vocabulary.read(labels, classes=spec.classes)

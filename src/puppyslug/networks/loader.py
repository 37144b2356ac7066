"""Loads networks and ensembles, once per process for each set of arguments."""

import functools
from collections.abc import Mapping
from pathlib import Path

from puppyslug.errors import NetworkError, WeightsError, option
from puppyslug.files.folders import cache_folder
from puppyslug.files.hashing import file_sha256
from puppyslug.isolation.torch_state import isolated
from puppyslug.labels import Vocabulary
from puppyslug.networks.architectures import create_architecture
from puppyslug.networks.ensemble import Ensemble
from puppyslug.networks.external import load_external, trust
from puppyslug.networks.kernels import ConvolutionMethod
from puppyslug.networks.lookup import find_spec
from puppyslug.networks.network import Network
from puppyslug.networks.probes import ProbedArchitecture
from puppyslug.networks.runtime import resolve_convolution, resolve_device, resolve_precision
from puppyslug.networks.specs import NetworkSpec
from puppyslug.networks.weights.cache import cache_path, hash_weights
from puppyslug.networks.weights.download import (
    URL_FOLDER,
    fetch,
    is_url,
    remote_file_from_url,
)
from puppyslug.networks.weights.location import locate_weights, verify_weights
from puppyslug.networks.weights.state_dict import load_weights, validate_finite


@isolated
def load_network(
    name: str | NetworkSpec,
    *,
    weights: str | Path | None = None,
    labels: str | Path | None = None,
    precision: str = "auto",
    device: str = "auto",
    winograd: int | str = "auto",
    kernels: str = "auto",
) -> Network:
    """Load a network, once per process for each set of arguments.

    Args:
        name: a network's name, as in ``list_networks``; several joined by ``+``; ``timm/NAME`` or
            ``torchvision/NAME``; the file of a finetuned network; or ``"package.module:factory"``,
            a function of yours, which is imported and called. Or a spec from ``find_spec``, of
            which external code is run only if its name was trusted before.
        weights: a weights file, or its URL, in place of the network's own weights.
        labels: a file with the names of the classes; see ``puppyslug.labels.label.read_labels``.
        precision: ``"float32"``, ``"bfloat16"``, or ``"auto"`` for the faster one on the device.
        device: ``"cpu"``, ``"cuda"``, ``"mps"``, or ``"auto"`` for a GPU where there is one.
        winograd: fewest channels for which 3×3 convolutions use Winograd's method, 0 for never,
            ``"auto"`` for a number that is measured once on this machine, or ``"steady"`` for a
            constant one.
        kernels: ``"native"`` for compiled transforms of Winograd's method where they are
            installed, ``"torch"``, or ``"auto"``: native, but torch where ``winograd`` is a number.
            The same numbers for ``winograd`` and ``kernels`` give the same results to the bit on
            the same machine.

    Returns:
        The network, which callers of the same arguments share.

    Raises:
        LabelError: the labels cannot be read, or their number is not that of the classes.
        NetworkError: there is no such network.
        WeightsError: the weights are missing, damaged or of another network.
    """
    if not isinstance(name, str | NetworkSpec):
        raise NetworkError(
            f"the name of a network is text, such as 'vgg19', not {type(name).__name__}; for a "
            "module use Network.from_module(…)"
        )
    if isinstance(name, str):
        trust(name)
    spec = find_spec(name) if isinstance(name, str) else name
    _check_files(spec, {"weights": weights, "labels": labels})
    path = None if weights is None else resolve_weights_path(weights)
    device = resolve_device(device)
    precision = resolve_precision(precision, device, exact=spec.uses_external_modules)
    return _load(
        spec,
        path,
        None if labels is None else Path(labels),
        precision,
        device,
        resolve_convolution(winograd, kernels, precision=precision, device=device),
    )


def _check_files(spec: NetworkSpec, files: Mapping[str, object]) -> None:
    """Check that a network takes files of weights and labels, if there are any."""
    for argument, file in files.items():
        if file is not None and spec.members:
            raise WeightsError(
                f"{spec.name} is an ensemble; {option(argument)} applies to a single network"
            )
        if file is not None and (spec.is_external or spec.finetuned):
            raise WeightsError(f"{spec.name} has its own {argument}; leave out {option(argument)}")


def resolve_weights_path(weights: str | Path) -> Path:
    """Return the path of a weights file; a URL is downloaded into the cache first."""
    if isinstance(weights, str) and is_url(weights):
        return fetch(remote_file_from_url(weights))
    return Path(weights)


@functools.cache
def _load(
    spec: NetworkSpec,
    weights: Path | None,
    labels: Path | None,
    precision: str,
    device: str,
    convolution: ConvolutionMethod,
) -> Network:
    if spec.is_external:
        return load_external(spec.name).to(precision=precision, device=device)
    if spec.members:
        members = [
            _load(member, None, None, precision, device, convolution) for member in spec.members
        ]
        return Ensemble(spec, members)
    path = locate_weights(spec) if weights is None else weights
    if not path.is_file():
        raise WeightsError(f"the weights file {path} does not exist; check the name")
    sha256 = hash_weights(path)
    if weights is None:
        verify_weights(spec, path, sha256)
    if spec.probe and sha256 != spec.probe.weights_sha256:
        spec = spec.without_probe(
            f"the classes of {spec.name} were fitted to its own weights, not to {path.name}; leave "
            f"out {option('weights')}, or use another network"
        )
    architecture = create_architecture(spec, device="meta")  # its weights are assigned below
    try:
        load_weights(architecture, spec, path)
        if weights is not None or spec.finetuned:
            validate_finite(architecture, path)
    except WeightsError:
        if path.is_relative_to(cache_folder() / URL_FOLDER):
            path.unlink()  # else it would never be downloaded again
        raise
    network = Network(
        spec,
        architecture if spec.probe is None else ProbedArchitecture(architecture, spec.probe),
        weights_name=path.name.encode("utf-8", "replace").decode(),
        weights_sha256=sha256,
        precision=precision,
        device=device,
        convolution=convolution,
        vocabulary=_load_vocabulary(spec, labels),
    )
    if labels is not None:
        network.labels_name = labels.name.encode("utf-8", "replace").decode()
        network.labels_sha256 = file_sha256(labels)
    return network


def _load_vocabulary(spec: NetworkSpec, labels: Path | None) -> Vocabulary | None:
    """Read the names of the classes from the given file, else from the downloaded one."""
    if labels is None and spec.labels is not None:
        downloaded = cache_path(spec.labels)
        labels = downloaded if downloaded.is_file() else None
    return None if labels is None else Vocabulary.from_file(labels, classes=spec.classes)

"""Looks networks up by any name that ``--network`` takes."""

from puppyslug.errors import NetworkError, option, suggest
from puppyslug.networks.external import entry_point_networks, find_external_spec, is_external_name
from puppyslug.networks.finetuned import is_finetuned_file, registered_spec, strip_folder
from puppyslug.networks.registry import registered_networks
from puppyslug.networks.specs import NetworkSpec, combine_specs, split_network_names


def find_spec(name: str) -> NetworkSpec:
    """Look up a network, or an ensemble such as ``efficientnet_lite0+efficientnet_lite1``.

    Raises:
        NetworkError: there is no such network; the message suggests similar names.
    """
    specs = [_find_single(part) for part in split_network_names(name)]
    return specs[0] if len(specs) == 1 else combine_specs(specs)


def _find_single(name: str) -> NetworkSpec:
    if not name:
        raise NetworkError("the name of a network is empty; 'puppyslug networks' lists them")
    registered = registered_networks()
    if name in registered:
        return registered[name]
    if is_external_name(name):
        return find_external_spec(name)
    if is_finetuned_file(name):
        spec = registered_spec(name)
        if spec is None:
            raise NetworkError(
                f"the finetuned network {strip_folder(name)[:80]} is neither in this folder nor "
                f"beside the recipe; pass its file as {option('network')}"
            )
        return spec
    known = (*registered, *entry_point_networks())
    raise NetworkError(f"there is no network {name[:80]!r}; {suggest(name[:80], known)}")

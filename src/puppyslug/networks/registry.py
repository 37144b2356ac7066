"""Networks by name. Nothing here imports torch, but networks that others bring may."""

from puppyslug.errors import NetworkError, nearest
from puppyslug.networks.external.loader import external_spec, is_brought, names_of_packages
from puppyslug.networks.finetuned import is_own_file, own_name, remembered
from puppyslug.networks.specs import SPECS, NetworkSpec, combine, names_in


def list_networks() -> tuple[NetworkSpec, ...]:
    """Every network that puppyslug itself knows, in the order in which to show them."""
    return tuple(SPECS.values())


def find_spec(name: str) -> NetworkSpec:
    """Look a network up, or an ensemble such as ``efficientnet_lite0+efficientnet_lite1``.

    Raises:
        NetworkError: there is no such network; near names are offered.
    """
    specs = [_single(one) for one in names_in(name)]
    return specs[0] if len(specs) == 1 else combine(specs)


def _single(name: str) -> NetworkSpec:
    if not name:
        raise NetworkError("a network's name is empty; 'puppyslug networks' lists them")
    if name in SPECS:
        return SPECS[name]
    if is_brought(name):
        return external_spec(name)
    if is_own_file(name):
        spec = remembered(name)
        if spec is None:
            raise NetworkError(
                f"the network {own_name(name)[:80]} was taught, and its file is neither here nor "
                "beside the recipe; name it with --network"
            )
        return spec
    known = (*SPECS, *names_of_packages())
    raise NetworkError(f"there is no network {name!r}; {nearest(name, known)}")

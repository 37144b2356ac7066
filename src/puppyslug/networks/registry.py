"""Networks by name. Nothing here imports torch, but networks that others bring may."""

from puppyslug.errors import NetworkError, nearest
from puppyslug.networks.brought import is_brought, names_of_packages, record_of
from puppyslug.networks.records import RECORDS, NetworkRecord, combine, names_in
from puppyslug.networks.taught import is_own_file, own_name, remembered


def list_networks() -> tuple[NetworkRecord, ...]:
    """Every network that puppyslug itself knows, in the order in which to show them."""
    return tuple(RECORDS.values())


def find_record(name: str) -> NetworkRecord:
    """Look a network up, or an ensemble such as ``efficientnet_lite0+efficientnet_lite1``.

    Raises:
        NetworkError: there is no such network; near names are offered.
    """
    records = [_single(one) for one in names_in(name)]
    return records[0] if len(records) == 1 else combine(records)


def _single(name: str) -> NetworkRecord:
    if not name:
        raise NetworkError("a network's name is empty; 'puppyslug networks' lists them")
    if name in RECORDS:
        return RECORDS[name]
    if is_brought(name):
        return record_of(name)
    if is_own_file(name):
        record = remembered(name)
        if record is None:
            raise NetworkError(
                f"the network {own_name(name)[:80]} was taught, and its file is neither here nor "
                "beside the recipe; name it with --network"
            )
        return record
    known = (*RECORDS, *names_of_packages())
    raise NetworkError(f"there is no network {name!r}; {nearest(name, known)}")

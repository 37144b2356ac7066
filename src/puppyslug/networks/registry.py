"""Networks by name. Nothing here imports torch."""

from puppyslug.errors import NetworkError, nearest
from puppyslug.networks.records import RECORDS, NetworkRecord


def list_networks() -> tuple[NetworkRecord, ...]:
    """Every network that puppyslug knows, in the order in which to show them."""
    return tuple(RECORDS.values())


def find_record(name: str) -> NetworkRecord:
    """Look a network up.

    Raises:
        NetworkError: there is no such network; near names are offered.
    """
    if name not in RECORDS:
        raise NetworkError(f"there is no network {name!r}; {nearest(name, RECORDS)}")
    return RECORDS[name]

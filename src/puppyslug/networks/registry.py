"""Networks by name. Nothing here imports torch."""

from puppyslug.errors import NetworkError, nearest
from puppyslug.networks.records import JOIN, RECORDS, NetworkRecord, combine


def list_networks() -> tuple[NetworkRecord, ...]:
    """Every network that puppyslug knows, in the order in which to show them."""
    return tuple(RECORDS.values())


def find_record(name: str) -> NetworkRecord:
    """Look a network up, or an ensemble such as ``efficientnet_lite0+efficientnet_lite1``.

    Raises:
        NetworkError: there is no such network; near names are offered.
    """
    records = [_single(part.strip()) for part in name.split(JOIN)]
    return records[0] if len(records) == 1 else combine(records)


def _single(name: str) -> NetworkRecord:
    if name not in RECORDS:
        raise NetworkError(f"there is no network {name!r}; {nearest(name, RECORDS)}")
    return RECORDS[name]

"""Addresses for a site's labs: larger networks than podman's own choice of 253 labs. Pure."""

from collections.abc import Iterator
from ipaddress import ip_network

_POOL = ip_network("10.96.0.0/11")
"""Addresses that podman takes its own networks from, too: an operator who keeps those free of the
site's own networks keeps ours free."""

_PREFIX = 20


def candidates() -> Iterator[str]:
    """Subnets for some 4 000 labs each, the first of which that is free will do."""
    return map(str, _POOL.subnets(new_prefix=_PREFIX))

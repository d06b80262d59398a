"""What labs may reach beyond their own machine, as people write it (S-37): ``open`` for the public
internet, ``closed`` for nothing, or a list of ``HOST:PORT`` with commas between them. Pure.

A host is a name, an IPv4 address or an IPv4 network (``10.1.0.0/16:5432``).
"""

import re
from ipaddress import IPv4Network
from typing import NamedTuple

OPEN, CLOSED = "open", "closed"

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)*[a-z][a-z0-9-]{{0,62}}", re.ASCII)
_MOST_ENTRIES = 64


class BadEgress(ValueError):
    """It says not what labs may reach; ``str()`` says why."""


class Allowed(NamedTuple):
    """One entry of a list."""

    host: str
    """A name, an address or a network."""

    port: int

    @property
    def network(self) -> IPv4Network | None:
        """The addresses; None for a name."""
        return _network(self.host)


def checked(text: str) -> str:
    """The text as it is kept: lower case, each entry once, in order.

    Raises:
        BadEgress: it is neither ``open``, ``closed`` nor a list.
    """
    text = text.strip().lower()
    if text in (OPEN, CLOSED):
        return text
    entries = sorted({_entry(part.strip()) for part in text.split(",")})
    if len(entries) > _MOST_ENTRIES:
        raise BadEgress(f"{len(entries)} entries are more than {_MOST_ENTRIES}")
    return ",".join(f"{entry.host}:{entry.port}" for entry in entries)


def allowed(text: str) -> tuple[Allowed, ...]:
    """The entries of a `checked` text; none for ``open`` and ``closed``."""
    if text in (OPEN, CLOSED):
        return ()
    return tuple(_entry(part) for part in text.split(","))


def _entry(text: str) -> Allowed:
    host, colon, port = text.rpartition(":")
    if not (colon and port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise BadEgress(f"{text!r} is neither open, closed nor HOST:PORT")
    if network := _network(host):
        host = str(network) if network.prefixlen < 32 else str(network.network_address)
    elif not _NAME.fullmatch(host):
        raise BadEgress(f"{host!r} is no name, IPv4 address or IPv4 network")
    return Allowed(host, int(port))


def _network(host: str) -> IPv4Network | None:
    try:
        return IPv4Network(host)
    except ValueError:
        return None

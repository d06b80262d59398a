"""The name servers that podman tells labs of: those of this machine (resolv.conf(5)). Pure but for
`text`."""

from ipaddress import IPv4Address, ip_address
from pathlib import Path

_STUB = "127.0.0.53"
_FILES = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
_INSTEAD = ("8.8.8.8", "8.8.4.4")
"""What podman gives where the machine's own are all on the machine."""


def text() -> str:
    """What podman reads: the second file where the first has systemd's own server only."""
    first, second = (p.read_text() if p.exists() else "" for p in _FILES)
    return second if _STUB in first else first


def servers(text: str) -> tuple[str, ...]:
    """The IPv4 servers that labs can ask."""
    rows = (line.split() for line in text.splitlines())
    given = [row[1] for row in rows if len(row) > 1 and row[0] == "nameserver"]
    return tuple(filter(_can_be_asked, given)) or _INSTEAD


def _can_be_asked(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return isinstance(parsed, IPv4Address) and not parsed.is_loopback

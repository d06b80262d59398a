"""Which machines a course's URL may lead to (S-43): no service of this site's own network.

Git resolves a host once more when it connects; what was looked at here is what it must connect to.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import urlsplit

from nbh_courses.failure import CourseError

_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^@/:]+):(?!//)")
_PORTS = {"https": 443, "http": 80, "ssh": 22}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Target(NamedTuple):
    """The machine that a URL leads to."""

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()
    """Where it may be connected to, the first one first."""

    @property
    def for_git(self) -> tuple[str, ...]:
        """Settings of git so that it connects there, whatever a name server says next."""
        where = ",".join(f"[{a}]" if ":" in a else a for a in self.addresses)
        return (f"http.curloptResolve={self.host}:{self.port}:{where}",)

    @property
    def for_ssh(self) -> tuple[str, ...]:
        """Options of ssh to the same end; the host's key stays known under its name."""
        if self.scheme != "ssh":
            return ()
        return ("-o", f"HostName={self.addresses[0]}", "-o", f"HostKeyAlias={self.host}")


def target(url: str) -> Target | None:
    """The machine that a URL (one that `checked_url` took) names; None for a file."""
    if url.startswith("/") or url.startswith("file:"):
        return None
    if "://" in url:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        return Target(parts.scheme, parts.hostname or "", port)
    found = _SCP.match(url)
    return Target("ssh", found["host"].lower(), _PORTS["ssh"]) if found else None


def is_public(address: str) -> bool:
    """Whether an address is of the internet at large, and stands for no other that is not."""
    found: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or _of_nat64(found)
        if inner is not None:
            return is_public(str(inner))
        if found.teredo is not None:
            return False
    return found.is_global and not found.is_multicast


def _of_nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


class Egress:
    """What the site allows, and who is asked for addresses."""

    def __init__(self, private_hosts: Collection[str], *, by_proxy: bool = False) -> None:
        self._private = tuple(private_hosts)
        self._by_proxy = by_proxy

    async def checked(self, url: str) -> Target | None:
        """Where a URL leads, with addresses; None where nothing is to be looked at.

        Nothing is where a proxy of the site's connects: what it refuses is its own rule.

        Raises:
            CourseError: it leads into a private network, or nowhere.
        """
        named = target(url)
        if named is None or (self._by_proxy and named.scheme != "ssh"):
            return None
        addresses = await self._addresses(named)
        if not self._is_allowed(named.host) and not all(map(is_public, addresses)):
            raise CourseError(
                "url-refused",
                f"{named.host} is a machine of a private network; courses.private_hosts can"
                " allow it",
            )
        return named._replace(addresses=tuple(addresses))

    def _is_allowed(self, host: str) -> bool:
        return any(fnmatchcase(host, pattern.lower()) for pattern in self._private)

    async def _addresses(self, named: Target) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(named.host, named.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as e:
            raise CourseError("unreachable", f"could not resolve {named.host}") from e
        return list(dict.fromkeys(str(info[4][0]) for info in found))

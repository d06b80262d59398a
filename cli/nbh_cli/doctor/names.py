"""The addresses by which browsers come: names, certificates, and who can sign in there."""

import asyncio
import math
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from nbh_cli.doctor.finding import Finding, error, ok, warning
from nbh_kit.config import Config

_WITHIN = 5.0
_SOON_DAYS = 14
_DAY = 86400

Resolve = Callable[[str], Awaitable[object]]
"""Finds the addresses of a name.

Raises:
    OSError: it has none.
"""


async def resolve(name: str) -> object:
    """As this machine does."""
    async with asyncio.timeout(_WITHIN):
        return await asyncio.get_running_loop().getaddrinfo(name, None)


async def has_address(origin: str, find: Resolve = resolve) -> Finding:
    """Whether an origin's name leads anywhere."""
    host = urlsplit(origin).hostname or ""
    if _is_local(host):
        return ok("dns", f"{origin}: this machine itself; others cannot reach it")
    try:
        await find(host)
    except (OSError, TimeoutError) as e:
        return error(
            "dns",
            f"{origin}: no address for {host} ({e or 'no answer'})",
            f"add an A or AAAA record for {host} that leads to this machine, or correct [origins]",
        )
    return ok("dns", f"{host} has an address")


async def certificate(origin: str, context: ssl.SSLContext | None = None) -> Finding:
    """Whether browsers believe an https origin, and for how long."""
    parts = urlsplit(origin)
    if parts.scheme != "https":
        return ok("tls", f"{origin} is plain http")
    host, port = parts.hostname or "", parts.port or 443
    trusted = context or ssl.create_default_context()
    try:
        async with asyncio.timeout(_WITHIN):
            _, writer = await asyncio.open_connection(host, port, ssl=trusted)
    except ssl.SSLCertVerificationError as e:
        return error("tls", f"{origin}: {e.verify_message}", _MEND)
    except (OSError, TimeoutError) as e:
        return error(
            "tls",
            f"{origin}: nobody answers ({e or 'no answer in time'})",
            "see that `nbh up` runs, that traefik.listen has this port, and that a firewall lets "
            f"port {port} through",
        )
    presented = writer.get_extra_info("peercert")
    writer.close()
    return expiry(origin, ssl.cert_time_to_seconds(presented["notAfter"]) - time.time())


_MEND = (
    "have a certificate for this name, with its whole chain, in traefik.certificate and "
    "traefik.certificate_key, or name an ACME server in traefik.acme, and restart"
)


def expiry(origin: str, left: float) -> Finding:
    """Whether a certificate that is good for so many seconds should be renewed."""
    days = math.floor(left / _DAY)
    if days < _SOON_DAYS:
        return warning(
            "tls", f"{origin}: the certificate ends in {days} days", f"renew it: {_MEND}"
        )
    return ok("tls", f"{origin}: the certificate is good for {days} days")


def key_of_certificate(certificate: Path, key: Path) -> Finding:
    """Whether the configured certificate and key belong together, and can be read."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except ssl.SSLError as e:
        return error(
            "tls-files",
            f"{certificate} and {key} are not a certificate and its key ({e.reason})",
            "name the PEM file with the whole chain and the key that it was made for",
        )
    except OSError as e:
        return error("tls-files", f"{certificate}: {e.strerror}", "name files that are there")
    return ok("tls-files", "certificate and key belong together")


def sign_in(config: Config) -> Finding:
    """Whether browsers keep staff signed in."""
    parts = urlsplit(config.origins.ui)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return ok("sign-in", "browsers keep staff signed in")
    return warning(
        "sign-in",
        f"nobody can sign in at {config.origins.ui}: browsers keep the cookie over https only",
        "have a certificate, and https:// in origins.ui; to try things out http://localhost does",
    )


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        return False
    return True

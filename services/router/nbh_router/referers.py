"""Who sent a browser here, as far as its Referer tells. Pure (S-1)."""

import re
from collections.abc import Iterable

from nbh_proto import names

_REFERER = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(?P<port>[0-9]{1,5}))?(?:/[!-~]*)?",
    re.ASCII | re.IGNORECASE,
)
"""What browsers send: no user, no blank, no other alphabet, a slash after the host."""

_DEFAULT_PORTS = {"https": "443", "http": "80"}


def lab_page(referer: str, content_origin: str) -> str | None:
    """The capability of the lab whose page sent the browser, if a page of ours did."""
    own = content_origin + "/"
    if not referer.startswith(own):
        return None
    segment, slash, _ = referer.removeprefix(own).partition("/")
    return segment if slash and names.CAPABILITY.fullmatch(segment) else None


def is_from(referer: str, hosts: Iterable[str], *, insecure: bool = False) -> bool:
    """Whether a page of one of the hosts, or of a subdomain of one, sent the browser.

    A host is ``name`` (at the scheme's own port) or ``name:port``; a dot before it says nothing
    more. Only https counts, unless ``insecure``.
    """
    found = _REFERER.fullmatch(referer)
    if found is None:
        return False
    scheme, host = found["scheme"].lower(), found["host"].lower()
    if scheme == "http" and not insecure:
        return False
    port = found["port"] or _DEFAULT_PORTS[scheme]
    return any(_matches(host, port, _DEFAULT_PORTS[scheme], wanted.lower()) for wanted in hosts)


def _matches(host: str, port: str, default_port: str, wanted: str) -> bool:
    name, _, wanted_port = wanted.removeprefix(".").partition(":")
    if port != (wanted_port or default_port):
        return False
    return host == name or host.endswith("." + name)

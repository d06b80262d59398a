"""The rules that keep labs apart, for nft(8): one text for one site, set as a whole (S-36, S-37).
Pure.

Labs of a site share one bridge. What goes from one of its ports to another never leaves the
``bridge`` family; what labs send anywhere else comes through ``inet``. Both match what no lab can
change: its address and the bridge. Nothing is done for a lab of its own unless its course says
other things about what it may reach than the site does; those are the ``exceptions``.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network

import msgspec

from nbh_kit import walls
from nbh_proto import egress

_OURSELVES = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
"""This machine, link-local addresses with the clouds' metadata, multicast: never."""

_PRIVATE = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    *("192.0.0.0/24", "198.18.0.0/15"),
)
"""RFC 1918, RFC 6598 (CGNAT), RFC 6890, RFC 2544."""

MOST_CONNECTIONS = 4096
"""Of one lab to the world at once, with those that have ended within minutes: the machine's table
of all connections has some 262 144 places, and nobody gets any when it is full (S-38)."""

_TO_ALL = ("224.0.0.0/4", "255.255.255.255")

_CONNECTIONS, _TOO_MANY = "connections", "too-many"
_COUNTED = re.compile(rf"(set {_CONNECTIONS} {{[^}}]*?)\s*elements = {{[^}}]*}}")


class Walled(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules are made of."""

    site: str
    bridge: str
    """The interface of the labs' network."""

    subnet: str
    resolvers: tuple[str, ...]
    """The name servers that labs may ask."""

    default: str
    """What labs may reach (`nbh_proto.egress`)."""

    exceptions: Mapping[str, str] = {}
    """Of labs whose course says otherwise: by their address."""

    names: Mapping[str, tuple[str, ...]] = {}
    """The addresses of the names in lists."""


def rules(walled: Walled) -> str:
    """All of it, as the input of ``nft -f``: what was there before is replaced in one step."""
    text = "\n".join((*_bridge(walled), *_inet(walled)))
    return f"{text}\n"


def comparable(listing: str) -> str:
    """What nft(8) lists, without what the kernel itself has added: the labs it counts for."""
    return _COUNTED.sub(r"\1", listing)


def _bridge(walled: Walled) -> list[str]:
    labs = walled.subnet
    return [
        *_anew("bridge", walled.site),
        " chain forward {",
        "  type filter hook forward priority -200; policy accept;",
        f"  ip saddr {labs} ip daddr {_set((labs, *_TO_ALL))} drop",
        f"  arp saddr ip {labs} arp daddr ip {labs} drop",
        " }",
        "}",
    ]


def _inet(walled: Walled) -> list[str]:
    policies = sorted({walled.default, *walled.exceptions.values()})
    return [
        *_anew("inet", walled.site),
        *_exceptions(walled),
        *_too_many(),
        *(line for policy in policies for line in _policy(policy, walled)),
        " chain input {",
        "  type filter hook input priority filter - 10; policy accept;",
        f"  iifname != {_quoted(walled.bridge)} accept",
        "  ct direction reply ct state established,related accept",
        *_refuse(),
        " }",
        " chain forward {",
        "  type filter hook forward priority filter - 10; policy accept;",
        f"  iifname != {_quoted(walled.bridge)} accept",
        "  ct direction reply ct state established,related accept",
        # where bridges ask this family, too (br_netfilter)
        f"  oifname {_quoted(walled.bridge)} drop",
        "  meta nfproto ipv6 drop",
        f"  ct state new add @{_CONNECTIONS} {{ ip saddr ct count over {MOST_CONNECTIONS} }}"
        f" goto {_TOO_MANY}",
        "  ip saddr vmap @exceptions",
        f"  jump {_chain(walled.default)}",
        " }",
        "}",
    ]


def _anew(family: str, site: str) -> list[str]:
    return [walls.anew(family, site), f"table {family} {walls.table(site)} {{"]


def _exceptions(walled: Walled) -> list[str]:
    others = {a: e for a, e in walled.exceptions.items() if e != walled.default}
    elements = ", ".join(f"{a} : goto {_chain(e)}" for a, e in sorted(others.items()))
    return [
        " map exceptions {",
        "  type ipv4_addr : verdict",
        *([f"  elements = {{ {elements} }}"] if elements else []),
        " }",
    ]


def _too_many() -> list[str]:
    """What the kernel counts each lab's connections in, and where those go that are too many."""
    return [
        *(f" set {_CONNECTIONS} {{", "  type ipv4_addr", "  size 65535", "  flags dynamic", " }"),
        *(f" chain {_TOO_MANY} {{", *_refuse(), " }"),
    ]


def _policy(policy: str, walled: Walled) -> list[str]:
    """A chain for one way to say what labs may reach; whatever ends in it is decided."""
    if policy == egress.CLOSED:
        return _as_chain(policy, _refuse())
    listed = [*_entries(policy, walled)]
    private = [rule for network, rule in listed if network]
    public = [rule for network, rule in listed if not network]
    return _as_chain(
        policy,
        [
            *_names(walled.resolvers),
            *_refuse(f"ip daddr {_set(_OURSELVES)}"),
            # who names a private network, or mail, in a list means it
            *private,
            *_refuse(f"ip daddr {_set(_PRIVATE)}"),
            *public,
            *_refuse("tcp dport 25"),
            *(["  accept"] if policy == egress.OPEN else _refuse()),
        ],
    )


def _entries(policy: str, walled: Walled) -> Iterable[tuple[bool, str]]:
    """A rule for each entry, and whether it is about addresses that were named as such: what a
    name leads to may change, so a name never leads into a private network."""
    for allowed in egress.allowed(policy):
        network = allowed.network
        where = (str(network),) if network else walled.names.get(allowed.host, ())
        if where:
            yield (
                network is not None and _is_private(network),
                f"  ip daddr {_set(where)} tcp dport {allowed.port} accept",
            )


def _is_private(network: IPv4Network) -> bool:
    return any(network.subnet_of(IPv4Network(private)) for private in _PRIVATE)


def _names(resolvers: tuple[str, ...]) -> list[str]:
    if not resolvers:
        return []
    return [f"  ip daddr {_set(resolvers)} meta l4proto {{ tcp, udp }} th dport 53 accept"]


def _refuse(what: str = "") -> list[str]:
    """At once, so that nobody waits for an answer."""
    what = f"{what} " if what else ""
    return [f"  {what}meta l4proto tcp reject with tcp reset", f"  {what}reject"]


def _as_chain(policy: str, lines: Iterable[str]) -> list[str]:
    return [f" chain {_chain(policy)} {{", *lines, " }"]


def _chain(policy: str) -> str:
    if policy in (egress.OPEN, egress.CLOSED):
        return policy
    return f"list-{hashlib.sha256(policy.encode()).hexdigest()[:12]}"


def _set(addresses: Iterable[str]) -> str:
    return "{ " + ", ".join(addresses) + " }"


def _quoted(interface: str) -> str:
    return f'"{interface}"'

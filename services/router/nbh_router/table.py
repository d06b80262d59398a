"""Which labs have a route. Pure: no clock, no socket, no globals.

A route goes when the bus says that its lab is gone. A lab that is merely missing from a snapshot
is another matter: JetStream's folder may be lost while labs run, and until their provisioner has
written them again nobody knows (R-1; DESIGN.md, "Which copy is true"). Such a route stays for
`GRACE_SECONDS`. That is harmless: a lab answers only to its own base URL and its own token.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping

import msgspec

from nbh_kit.buckets import Gone, Put, Snapshot
from nbh_proto import Lab, names

GRACE_SECONDS = 600.0

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,256}", re.ASCII)
_ROUTED = ("pooled", "starting", "ready", "frozen")


class Route(msgspec.Struct, frozen=True):
    """What Traefik needs to reach a lab."""

    capability: str
    address: str
    """``ip:port``"""

    token: str


class Table(msgspec.Struct, frozen=True):
    """The labs that are known, by key, and the routes that nobody has taken back."""

    labs: Mapping[str, Route] = {}
    missing: Mapping[Route, float] = {}
    """Route of a lab that a snapshot lacked, and until when it stays."""


Change = Snapshot[Lab] | Put[Lab] | Gone


def remembered(routes: Mapping[str, Route], now: float) -> Table:
    """The table of a router that knows only what it wrote before it was started again."""
    return Table(missing=dict.fromkeys(routes.values(), now + GRACE_SECONDS))


def after(table: Table, change: Change, now: float) -> Table:
    """The table after a change of the LABS bucket; ``now`` in seconds of any steady clock."""
    match change:
        case Snapshot(all=everything):
            return _after_all(table, {key: held.value for key, held in everything.items()}, now)
        case Put(key, held):
            rest = _without(table.labs, key)
            return Table(rest | _routed({key: held.value}), _not_of(table.missing, [held.value]))
        case Gone(key):
            return Table(_without(table.labs, key), table.missing)


def routes(table: Table, now: float) -> dict[str, Route]:
    """All routes by capability. What is known stands over what is missing."""
    known = {r.capability: r for r in table.labs.values()}
    taken = {r.address for r in known.values()}
    kept = {
        r.capability: r
        for r, until in table.missing.items()
        if now < until and r.address not in taken
    }
    return kept | known


def next_end(table: Table, now: float) -> float | None:
    """Seconds until the next missing route's grace is over; None if none is missing."""
    left = [until - now for until in table.missing.values() if until > now]
    return min(left) if left else None


def route(lab: Lab) -> Route | None:
    """The route of a lab; None if it has none, or says something that no route can hold (R-13)."""
    if not _wants_route(lab):
        return None
    if not (names.CAPABILITY.fullmatch(lab.capability) and _TOKEN.fullmatch(lab.token)):
        return None
    return Route(lab.capability, lab.address, lab.token) if _is_address(lab.address) else None


def is_unroutable(lab: Lab) -> bool:
    """Whether a lab should have a route and cannot: its provisioner wrote something odd."""
    return _wants_route(lab) and route(lab) is None


def _wants_route(lab: Lab) -> bool:
    return lab.state in _ROUTED and bool(lab.address)


def _after_all(table: Table, labs: Mapping[str, Lab], now: float) -> Table:
    lost = [route for key, route in table.labs.items() if key not in labs]
    missing = {route: until for route, until in table.missing.items() if now < until}
    missing |= dict.fromkeys(lost, now + GRACE_SECONDS)
    return Table(_routed(labs), _not_of(missing, labs.values()))


def _routed(labs: Mapping[str, Lab]) -> dict[str, Route]:
    return {key: found for key, lab in labs.items() if (found := route(lab))}


def _not_of(missing: Mapping[Route, float], labs: Iterable[Lab]) -> dict[Route, float]:
    """What is missing still, when these labs have been heard of."""
    heard = {lab.capability for lab in labs}
    return {route: until for route, until in missing.items() if route.capability not in heard}


def _without(labs: Mapping[str, Route], key: str) -> dict[str, Route]:
    return {k: r for k, r in labs.items() if k != key}


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return port.isascii() and port.isdigit() and 0 < int(port) < 65536

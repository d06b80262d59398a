"""What the router tells Traefik at run time: the labs. Pure.

Two files: the labs', and what is static (`static_file`). JSON in files named ``.yml``, which
Traefik reads as YAML (TRUST.md, 7). Traefik runs each file through Go's templates first, so
nothing that anybody typed stands in the labs' file, and no file holds ``{{`` (R-13). No name holds
a capability: names appear in logs and metrics (S-19).
"""

import hashlib
from collections.abc import Iterable

import msgspec

from nbh_router.table import Route
from nbh_router.traefik_config import (
    Dynamic,
    Headers,
    Http,
    LoadBalancer,
    Middleware,
    Observability,
    Router,
    Server,
    Service,
)

# Launch URLs hold signatures and labs' URLs hold capabilities: an operator's own Traefik that logs
# its requests does not log these (S-19).
UNOBSERVED = Observability(access_logs=False, metrics=False, tracing=False)
WEB = ("web",)
REST, OTHERS, LAB, GATE = 1, 5, 10, 20
"""Priorities: our own pages, other services', labs' routes, the gate before all labs."""

LABS_TRANSPORT = "labs"
"""How Traefik connects to labs; the static file has it."""

_LAB_MIDDLEWARES = ("lab-headers", "lab-errors")


def labs(routes: Iterable[Route], version: str) -> Dynamic:
    """All labs, and a route on the internal entry point that answers once Traefik knows them."""
    there = [(_name(r), r) for r in routes]
    return Dynamic(
        http=Http(
            routers={n: _lab(n, r) for n, r in there} | {"version": _version(version)},
            services={n: service(r.address, LABS_TRANSPORT) for n, r in there},
            middlewares={n: _token(r) for n, r in there},
        )
    )


def encoded(dynamic: Dynamic) -> bytes:
    """The file's text.

    Raises:
        ValueError: Go's templates would take something in it for theirs.
    """
    data = msgspec.json.encode(dynamic)
    if b"{{" in data:
        raise ValueError("Traefik's configuration must not hold '{{'")
    return data


def routes_in(data: bytes) -> dict[str, Route]:
    """The routes, by capability, of a file that `labs` made.

    Raises:
        msgspec.MsgspecError: it did not.
    """
    http = msgspec.json.decode(data, type=Dynamic).http
    found = {}
    for name, served in http.services.items():
        capability = http.routers[name].rule.removeprefix("PathPrefix(`/").removesuffix("/`)")
        address = served.load_balancer.servers[0].url.removeprefix("http://")
        headers = http.middlewares[name].headers or Headers()
        token = headers.custom_request_headers["Authorization"].removeprefix("token ")
        found[capability] = Route(capability, address, token)
    return found


def version_path(version: str) -> str:
    """The path on the internal entry point that is there when a version is live."""
    return f"/-/routes/{version}"


def _lab(name: str, route: Route) -> Router:
    return Router(
        rule=f"PathPrefix(`/{route.capability}/`)",
        service=name,
        entry_points=WEB,
        priority=LAB,
        middlewares=(*_LAB_MIDDLEWARES, name),
        observability=UNOBSERVED,
    )


def _version(version: str) -> Router:
    return Router(
        rule=f"Path(`{version_path(version)}`)",
        service="ping@internal",
        entry_points=("internal",),
    )


def _token(route: Route) -> Middleware:
    return Middleware(
        headers=Headers(custom_request_headers={"Authorization": f"token {route.token}"})
    )


def service(address: str, transport: str | None = None) -> Service:
    """What answers at an address."""
    return Service(
        load_balancer=LoadBalancer(
            servers=(Server(url=f"http://{address}"),), servers_transport=transport
        )
    )


def _name(route: Route) -> str:
    return "lab-" + hashlib.blake2s(route.capability.encode(), digest_size=12).hexdigest()

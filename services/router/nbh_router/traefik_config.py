"""Traefik's run-time ("dynamic") configuration as types: those parts of it that are used here.

No such model can be had for Traefik 3 (TRUST.md, 7). Its oracle is the real Traefik, in the tests.
"""

from collections.abc import Mapping

import msgspec


class Section(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """One object of Traefik's file."""


class Observability(Section, frozen=True, kw_only=True):
    access_logs: bool | None = None
    metrics: bool | None = None
    tracing: bool | None = None


class Domain(Section, frozen=True, kw_only=True):
    main: str


class RouterTls(Section, frozen=True, kw_only=True):
    """Which certificates are got by whom. Traefik takes them for all routers alike."""

    cert_resolver: str
    domains: tuple[Domain, ...]


class Router(Section, frozen=True, kw_only=True):
    rule: str
    service: str
    entry_points: tuple[str, ...]
    priority: int | None = None
    middlewares: tuple[str, ...] = ()
    observability: Observability | None = None
    tls: RouterTls | None = None


class Server(Section, frozen=True, kw_only=True):
    url: str


class LoadBalancer(Section, frozen=True, kw_only=True):
    servers: tuple[Server, ...]
    servers_transport: str | None = None


class Service(Section, frozen=True, kw_only=True):
    load_balancer: LoadBalancer


class Headers(Section, frozen=True, kw_only=True):
    custom_request_headers: Mapping[str, str] = {}
    custom_response_headers: Mapping[str, str] = {}


class Errors(Section, frozen=True, kw_only=True):
    status: tuple[str, ...]
    service: str
    query: str


class Retry(Section, frozen=True, kw_only=True):
    attempts: int
    initial_interval: str
    status: tuple[str, ...] = ()
    max_request_body_bytes: int | None = None
    """Traefik takes so much memory for each request; its default is 2 MiB."""


class IpAllowList(Section, frozen=True, kw_only=True):
    source_range: tuple[str, ...]


class Buffering(Section, frozen=True, kw_only=True):
    """Requests that are passed on once they are whole."""

    max_request_body_bytes: int
    mem_request_body_bytes: int
    """What is larger waits on the disk."""


class Middleware(Section, frozen=True, kw_only=True):
    headers: Headers | None = None
    errors: Errors | None = None
    retry: Retry | None = None
    ip_allow_list: IpAllowList | None = None
    buffering: Buffering | None = None


class ForwardingTimeouts(Section, frozen=True, kw_only=True):
    dial_timeout: str
    idle_conn_timeout: str | None = None
    response_header_timeout: str | None = None


class ServersTransport(Section, frozen=True, kw_only=True):
    forwarding_timeouts: ForwardingTimeouts


class Http(Section, frozen=True, kw_only=True):
    routers: Mapping[str, Router]
    services: Mapping[str, Service] = {}
    middlewares: Mapping[str, Middleware] = {}
    servers_transports: Mapping[str, ServersTransport] = {}


class Certificate(Section, frozen=True, kw_only=True):
    cert_file: str
    key_file: str


class TlsOptions(Section, frozen=True, kw_only=True):
    min_version: str


class Tls(Section, frozen=True, kw_only=True):
    certificates: tuple[Certificate, ...] = ()
    options: Mapping[str, TlsOptions]


class Dynamic(Section, frozen=True, kw_only=True):
    """One file."""

    http: Http
    tls: Tls | None = None

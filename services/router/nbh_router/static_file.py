"""The file that does not change while the router runs: our own pages, the gate before the labs.

Pure.
"""

import re
from typing import Any

from nbh_kit import links, traefik
from nbh_kit.config import Config
from nbh_router.dynamic import GATE, LABS_TRANSPORT, OTHERS, REST, UNOBSERVED, WEB, service
from nbh_router.origins import normal
from nbh_router.traefik_config import (
    Buffering,
    Certificate,
    Domain,
    Dynamic,
    Errors,
    ForwardingTimeouts,
    Headers,
    Http,
    IpAllowList,
    Middleware,
    Retry,
    Router,
    RouterTls,
    ServersTransport,
    Tls,
    TlsOptions,
)

LAB_SILENT, ROUTER_SILENT = "/-/silent/lab", "/-/silent/router"
"""Where the pages are that Traefik shows for a lab, or the router, that does not answer."""

_LASTING = (links.SHARE_PATH, "share", links.STOP_PATH, "-/rescue")

_OF_STATS = ("/api/stats/", "/staff/stats/", "/dashboard", "/dashboard/")
_OF_ACCOUNTS = ("/login", "/login/", "/logout", "/account", "/password")

LAB_IDLE = "2s"
"""How long Traefik keeps a connection to a lab that nobody uses. A lab is not frozen while there
is one; once it is frozen each request begins with a new connection, which is what thaws it. So
this is shorter than any sensible freeze time. On one machine a new connection costs a tenth of a
ms."""

LAB_SILENT_AFTER = "60s"
"""A lab that takes a request and says nothing for so long is silent: its Jupyter hangs. Nothing of
Jupyter thinks for so long before it begins to answer."""

_HOOK_BODIES = Buffering(
    # as the courses service has it; who sends slowly keeps nobody else from sending
    max_request_body_bytes=4 * 1024**2,
    mem_request_body_bytes=64 * 1024,
)


def of(config: Config, content_origin: str) -> Dynamic:
    """Our own pages, the gate before the labs, what all labs share."""
    return Dynamic(
        http=Http(
            routers={
                "rest": _rest(config),
                "lasting": _lasting(),
                "gate": _gate(content_origin),
                "error-pages": _error_pages(),
                "hooks": _at(
                    config.origins.ui, "/hooks/", service="courses", middleware="hook-bodies"
                ),
                "builds": _at(config.origins.share, "/builds/", service="courses"),
                # who has the link may read the page: it is in no log
                "snapshots": _at(
                    config.origins.share,
                    "/snapshots/",
                    service="courses",
                    observability=UNOBSERVED,
                ),
                "stats": _at(config.origins.ui, *_OF_STATS, service="stats"),
                # a page is made of a notebook: that takes its time
                "viewing": _at(
                    config.origins.ui,
                    "/view",
                    service="courses-lasting",
                    middleware="again-if-absent",
                    observability=UNOBSERVED,
                ),
                # no body limit of Traefik's: it would answer without a page; the service reads
                # 8 KiB at most. How somebody signs in is nobody else's to note down.
                "accounts": _at(
                    config.origins.ui,
                    *_OF_ACCOUNTS,
                    service="courses",
                    observability=UNOBSERVED,
                ),
            },
            services={
                "courses": service(f"{config.courses.host}:{config.courses.port}", "router"),
                "courses-lasting": service(
                    f"{config.courses.host}:{config.courses.port}", "lasting"
                ),
                "stats": service(f"{config.stats.host}:{config.stats.port}", "router"),
                "router": service(f"{config.router.host}:{config.router.port}", "router"),
                "lasting": service(f"{config.router.host}:{config.router.port}", "lasting"),
                # Through our own internal entry point, since Traefik fetches a page without any
                # middleware: a router that is being started again is waited for there.
                "error-pages": service(config.traefik.internal),
            },
            middlewares={
                "again": _again(),
                "again-if-absent": _again("502"),
                "router-errors": _errors("502", "504", path=ROUTER_SILENT),
                "nobody": Middleware(
                    ip_allow_list=IpAllowList(source_range=("255.255.255.255/32",))
                ),
                "hook-bodies": Middleware(buffering=_HOOK_BODIES),
                "lab-headers": Middleware(headers=_lab_headers()),
                # what was asked for says whose lab it is
                "lab-errors": _errors("502-504", path=f"{LAB_SILENT}?url={{url}}"),
            },
            servers_transports={
                LABS_TRANSPORT: _transport(
                    dial_timeout="5s",
                    idle_conn_timeout=LAB_IDLE,
                    response_header_timeout=LAB_SILENT_AFTER,
                ),
                "router": _transport(dial_timeout="1s", response_header_timeout="10s"),
                # the router itself says when it has taken too long
                "lasting": _transport(dial_timeout="1s"),
            },
        ),
        tls=_tls(config),
    )


def _rest(config: Config) -> Router:
    return Router(
        rule="PathPrefix(`/`)",
        service="router",
        entry_points=WEB,
        priority=REST,
        middlewares=("router-errors", "again"),
        observability=UNOBSERVED,
        tls=_gets_certificates(config) if config.traefik.acme else None,
    )


def _gets_certificates(config: Config) -> RouterTls:
    # With one router alone, and not at the entry point: Traefik would look after the certificates
    # of each lab whenever one comes or goes. One for each name: one that is wrong harms no other.
    hosts = [_host(o) for o in (config.origins.content, config.origins.ui, config.origins.share)]
    domains = tuple(Domain(main=host) for host in dict.fromkeys(hosts))
    return RouterTls(cert_resolver=traefik.RESOLVER, domains=domains)


def _lasting() -> Router:
    """What takes its time: a page is made of a notebook, a lab saves and ends."""
    return Router(
        rule=" || ".join(f"PathPrefix(`/{way}/`)" for way in _LASTING),
        service="lasting",
        entry_points=WEB,
        priority=OTHERS,
        middlewares=("router-errors", "again-if-absent"),
        observability=UNOBSERVED,
    )


def _again(*status: str) -> Middleware:
    # A router that is started again is not noticed, for some ten seconds. What may have reached it
    # is sent once more too if it is a GET; the router itself never answers with these statuses.
    return Middleware(
        retry=Retry(
            attempts=80,
            initial_interval="100ms",
            status=status or ("502", "504"),
            # Measured: Traefik's default costs 0.7 ms of CPU for each click.
            max_request_body_bytes=16 * 1024,
        )
    )


def _error_pages() -> Router:
    return Router(
        rule=f"Path(`{LAB_SILENT}`) || Path(`{ROUTER_SILENT}`)",
        service="router",
        entry_points=("internal",),
        middlewares=("again",),
        observability=UNOBSERVED,
    )


def _errors(*status: str, path: str) -> Middleware:
    return Middleware(errors=Errors(status=status, service="error-pages", query=path))


def _at(origin: str, *paths: str, service: str, middleware: str = "again", **more: Any) -> Router:
    """What another service serves at an origin: paths, and all below those that end in ``/``."""
    rules = " || ".join(f"Path{'Prefix' * p.endswith('/')}(`{p}`)" for p in paths)
    return Router(
        rule=f"Host(`{_host(origin)}`) && ({rules})",
        service=service,
        entry_points=WEB,
        priority=OTHERS,
        middlewares=(middleware,),
        **more,
    )


def _host(origin: str) -> str:
    """Traefik compares hosts without ports; the courses service looks at the whole ``Host``."""
    found = re.fullmatch(r"https?://\[?([a-z0-9.:-]+?)\]?(?::[0-9]+)?", normal(origin))
    if not found:
        raise ValueError(f"not an origin that can stand in a rule: {origin!r}")
    return found[1]


def _transport(**timeouts: str) -> ServersTransport:
    return ServersTransport(forwarding_timeouts=ForwardingTimeouts(**timeouts))


def _gate(content_origin: str) -> Router:
    # The token that Traefik adds switches Jupyter's own check of the origin off (S-20).
    if not re.fullmatch(r"https?://[a-z0-9.:\[\]-]+", content_origin):
        raise ValueError(f"not an origin that can stand in a rule: {content_origin!r}")
    return Router(
        rule="PathRegexp(`^/[0-9]+/`) && HeaderRegexp(`Origin`, `.+`)"
        f" && !Header(`Origin`, `{content_origin}`)",
        service="router",
        entry_points=WEB,
        priority=GATE,
        middlewares=("nobody",),
        observability=UNOBSERVED,
    )


def _lab_headers() -> Headers:
    # An empty value takes the header away. What a lab says about more than its own path does not
    # leave it (S-17); what the browser says to all labs of this origin does not enter it.
    stripped = (
        "Set-Cookie",
        "Service-Worker-Allowed",
        "Clear-Site-Data",
        "Strict-Transport-Security",
    )
    return Headers(
        custom_request_headers={"Cookie": ""},
        custom_response_headers=dict.fromkeys(stripped, "") | {"Referrer-Policy": "same-origin"},
    )


def _tls(config: Config) -> Tls | None:
    if not config.traefik.speaks_tls:
        return None
    certificate, key = config.traefik.certificate, config.traefik.certificate_key
    ours = (Certificate(cert_file=str(certificate), key_file=str(key)),)
    return Tls(
        certificates=ours if certificate and key else (),
        options={"default": TlsOptions(min_version="VersionTLS12")},
    )

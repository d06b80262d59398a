"""The service's HTTP: which address is for whom. Traefik brings here what is under these paths."""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from nbh_courses.built_pages import BuiltPages
from nbh_courses.hooks.receiving import MAX_BYTES, Hooks
from nbh_kit import web
from nbh_kit.config import Origins

Audience = Literal["signed", "public"]
"""Who may use an address (S-6): who signs with the secret of the course it names, or anybody."""

Endpoint = Callable[[Request], Awaitable[Response]]


class Listed(NamedTuple):
    """One address, and at which origin it is there."""

    path: str
    methods: tuple[str, ...]
    audience: Audience
    origin: Literal["ui", "share"]


HOOK = Listed("/hooks/{course}", ("POST",), "signed", "ui")
BUILD = Listed("/builds/{course}/{build}/{commit}", ("GET",), "public", "share")
BUILT = Listed("/builds/{course}/{build}/{commit}/{path:path}", ("GET",), "public", "share")
LISTED = (HOOK, BUILD, BUILT)
"""Every address there is; a test holds the application to it."""


def app(hooks: Hooks, pages: BuiltPages, origins: Origins) -> Starlette:
    """All addresses."""

    def route(listed: Listed, endpoint: Endpoint) -> Route:
        only = _only_at(getattr(origins, listed.origin), endpoint)
        return Route(listed.path, only, methods=list(listed.methods))

    starlette = Starlette(
        routes=[
            route(HOOK, hooks.receive),
            route(BUILD, pages.page),
            route(BUILT, pages.page),
        ],
        middleware=[
            Middleware(web.Guarded),
            Middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BYTES),
        ],
    )
    starlette.router.redirect_slashes = False  # it would write our own address, not the origin's
    return starlette


def _only_at(origin: str, endpoint: Endpoint) -> Endpoint:
    """An endpoint that is not there at any other origin (S-15), whatever stands before us."""
    hosts = web.hosts_of(origin)

    async def answer(request: Request) -> Response:
        if request.headers.get("host", "").lower() not in hosts:
            return PlainTextResponse("Not Found\n", 404)
        return await endpoint(request)

    return answer

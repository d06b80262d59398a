"""The service's HTTP: which address is for whom. Traefik brings here what is under these paths."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Literal, NamedTuple

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from nbh_courses.accounts import pages
from nbh_courses.accounts.people import Doors
from nbh_courses.built_pages import BuiltPages
from nbh_courses.hooks.receiving import MAX_BYTES, Hooks
from nbh_courses.shared_pages import SharedPages
from nbh_courses.viewing import viewing
from nbh_kit import signing_in, web
from nbh_kit.bus import BusAway
from nbh_kit.sessions import Known
from nbh_kit.settings import Origins

Audience = Literal["signed", "public", "account"]
"""Who may use an address (S-6): who signs with the secret of the course it names, anybody, or
who is signed in."""

Endpoint = Callable[[Request], Awaitable[Response]]
OwnEndpoint = Callable[[Request, Known], Awaitable[Response]]

logger = structlog.get_logger(__name__)


class Listed(NamedTuple):
    """One address, and at which origin it is there."""

    path: str
    methods: tuple[str, ...]
    audience: Audience
    origin: Literal["ui", "share"]


HOOK = Listed("/hooks/{course}", ("POST",), "signed", "ui")
BUILD = Listed("/builds/{course}/{build}/{commit}", ("GET",), "public", "share")
BUILT = Listed("/builds/{course}/{build}/{commit}/{path:path}", ("GET",), "public", "share")
SHARED = Listed("/snapshots/{file}", ("GET",), "public", "share")
LOGIN = Listed(signing_in.LOGIN, ("GET",), "public", "ui")
SIGN_IN = Listed(signing_in.LOGIN, ("POST",), "public", "ui")
STYLE = Listed(pages.STYLE, ("GET",), "public", "ui")
ACCOUNT = Listed(signing_in.ACCOUNT, ("GET",), "account", "ui")
PASSWORD = Listed("/password", ("GET",), "account", "ui")
CHANGE_PASSWORD = Listed("/password", ("POST",), "account", "ui")
LOGOUT = Listed("/logout", ("POST",), "account", "ui")
VIEW = Listed(viewing.PATH, ("GET",), "account", "ui")
SHOW = Listed(viewing.PATH, ("POST",), "account", "ui")
LISTED = (
    HOOK,
    BUILD,
    BUILT,
    SHARED,
    LOGIN,
    SIGN_IN,
    STYLE,
    ACCOUNT,
    PASSWORD,
    CHANGE_PASSWORD,
    LOGOUT,
    VIEW,
    SHOW,
)
"""Every address there is; a test holds the application to it."""


def app(
    hooks: Hooks, built: BuiltPages, shared: SharedPages, doors: Doors, origins: Origins
) -> Starlette:
    """All addresses."""
    own = doors.own

    def route(listed: Listed, endpoint: Endpoint) -> Route:
        only = _only_at(getattr(origins, listed.origin), endpoint)
        return Route(listed.path, only, methods=list(listed.methods))

    signed_in = partial(_signed_in, doors)
    starlette = Starlette(
        routes=[
            route(HOOK, hooks.receive),
            route(BUILD, built.page),
            route(BUILT, built.page),
            route(SHARED, shared.page),
            route(LOGIN, doors.signing.page),
            route(SIGN_IN, doors.signing.sign_in),
            route(STYLE, doors.signing.style),
            route(ACCOUNT, signed_in(own.account)),
            route(PASSWORD, signed_in(own.password)),
            route(CHANGE_PASSWORD, signed_in(own.change_password)),
            route(LOGOUT, signed_in(own.sign_out)),
            route(VIEW, signed_in(doors.viewing.page)),
            route(SHOW, signed_in(doors.viewing.show)),
        ],
        middleware=[
            Middleware(web.Guarded),
            Middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BYTES),
        ],
    )
    starlette.router.redirect_slashes = False  # it would write our own address, not the origin's
    return starlette


def _signed_in(doors: Doors, endpoint: OwnEndpoint) -> Endpoint:
    """An endpoint for who is signed in; others sign in first."""

    async def answer(request: Request) -> Response:
        try:
            known = await doors.sessions.of(request.headers.get("cookie", ""))
            return await endpoint(request, known) if known else _first(request)
        except BusAway as e:
            logger.warning("nobody can be known", error=str(e))
            return doors.signing.away(request)

    return answer


def _first(request: Request) -> Response:
    if not signing_in.wants_a_page(request.headers.get("accept", "")):
        return PlainTextResponse("sign in first\n", 401)
    if request.method == "POST":
        return RedirectResponse(signing_in.LOGIN, 303)
    way = signing_in.way_in(request.url.path, request.url.query)
    return RedirectResponse(way, 303)


def _only_at(origin: str, endpoint: Endpoint) -> Endpoint:
    """An endpoint that is not there at any other origin (S-15), whatever stands before us."""
    hosts = web.hosts_of(origin)

    async def answer(request: Request) -> Response:
        if request.headers.get("host", "").lower() not in hosts:
            return PlainTextResponse("Not Found\n", 404)
        return await endpoint(request)

    return answer

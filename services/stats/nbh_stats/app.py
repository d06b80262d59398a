"""The service's HTTP: which address is for whom. Traefik brings here what is under these paths."""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

import structlog
from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from nbh_kit import signing_in, web
from nbh_kit.bus import BusAway
from nbh_proto import new_id
from nbh_stats.api import Api
from nbh_stats.asked import BadQuestion
from nbh_stats.dashboard.dashboard import Dashboard, Refusal
from nbh_stats.dashboard.pages import HOME
from nbh_stats.finding import Unknown
from nbh_stats.following import Following
from nbh_stats.old_addresses import OldAddresses
from nbh_stats.viewers import Recognise, Viewer

logger = structlog.get_logger(__name__)

Audience = Literal["viewer", "course", "staff"]
"""Who may use an address (S-6): whoever is let in, who may see the course it names, or staff."""

_LONGEST_QUERY = 4096

Endpoint = Callable[[Request, Viewer], Awaitable[Response]]
Refuse = Callable[[Request, Refusal], Response]


class Listed(NamedTuple):
    """One address, at the origin of the staff's pages."""

    path: str
    audience: Audience
    is_page: bool = False
    """Whether a person looks at it, who is told in words of their own what is wrong."""


DASHBOARD = Listed(HOME, "viewer", is_page=True)
DASHBOARD_BARE = Listed(HOME.removesuffix("/"), "viewer", is_page=True)
COURSE_PAGE = Listed("/dashboard/courses/{course}", "course", is_page=True)
NODE_PAGE = Listed("/dashboard/nodes/{node}", "staff", is_page=True)
ASSET = Listed("/dashboard/assets/{digest}/{name}", "viewer")

CATALOGUE = Listed("/api/stats/numbers", "viewer")
COURSE = Listed("/api/stats/courses/{course}", "course")
COURSE_LIVE = Listed("/api/stats/courses/{course}/live", "course")
SITE_LIVE = Listed("/api/stats/live", "viewer")
OF_COURSE = Listed("/api/stats/courses/{course}/{number}.{format}", "course")
OF_NODE = Listed("/api/stats/nodes/{node}/{number}.{format}", "staff")
OF_STUDENT = Listed("/api/stats/students/{student}/events.jsonl", "staff")
OF_SITE = Listed("/api/stats/{number}.{format}", "viewer")
DAILY_METRICS = Listed("/staff/stats/daily_metrics/{course}", "course")
MONITOR_COUNTS = Listed("/staff/stats/monitor_counts/{course}", "course")
MATERIAL_USAGE = Listed("/staff/stats/material_usage/{course}", "course")
LISTED = (
    DASHBOARD,
    DASHBOARD_BARE,
    COURSE_PAGE,
    NODE_PAGE,
    ASSET,
    CATALOGUE,
    COURSE,
    COURSE_LIVE,
    SITE_LIVE,
    OF_COURSE,
    OF_NODE,
    OF_STUDENT,
    OF_SITE,
    DAILY_METRICS,
    MONITOR_COUNTS,
    MATERIAL_USAGE,
)
"""Every address there is; a test holds the application to it."""


class Endpoints(NamedTuple):
    """Who answers."""

    api: Api
    following: Following
    old: OldAddresses
    dashboard: Dashboard


def app(endpoints: Endpoints, recognise: Recognise, ui_origin: str) -> Starlette:
    """All addresses."""
    api, following, old, dashboard = endpoints

    def route(listed: Listed, endpoint: Endpoint) -> Route:
        refuse = dashboard.refused if listed.is_page else _refused
        guarded = _for(listed.audience, recognise, endpoint, refuse)
        return Route(listed.path, _only_at(ui_origin, guarded), methods=["GET"])

    starlette = Starlette(
        routes=[
            route(DASHBOARD, dashboard.home),
            route(DASHBOARD_BARE, dashboard.bare),
            route(COURSE_PAGE, dashboard.course),
            route(NODE_PAGE, dashboard.node),
            route(ASSET, dashboard.asset),
            route(CATALOGUE, api.catalogue),
            route(COURSE, api.course),
            route(COURSE_LIVE, following.course),
            route(SITE_LIVE, following.site),
            route(OF_COURSE, api.of_course),
            route(OF_NODE, api.of_node),
            route(OF_STUDENT, api.of_student),
            route(OF_SITE, api.of_site),
            route(DAILY_METRICS, old.daily_metrics),
            route(MONITOR_COUNTS, old.monitor_counts),
            route(MATERIAL_USAGE, old.material_usage),
        ],
        middleware=[
            Middleware(web.Guarded),
            # it lets streams of events pass as they are
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        ],
    )
    starlette.router.redirect_slashes = False  # it would write our own address, not the origin's
    return starlette


def _for(
    audience: Audience, recognise: Recognise, endpoint: Endpoint, refuse: Refuse
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            viewer = await recognise(request)
        except BusAway as e:
            logger.warning("nobody can be known", error=str(e))
            why = "nobody can be known at the moment; try again in a few seconds"
            return refuse(request, Refusal(503, why))
        if viewer is None:
            return _first(request)
        if not _may(viewer, audience, request):
            return refuse(request, Refusal(403, "this is not for you"))
        return await _answered(request, viewer, endpoint, refuse)

    return answer


def _first(request: Request) -> Response:
    """A person goes to sign in, and comes back; a program is told."""
    if not signing_in.wants_a_page(request.headers.get("accept", "")):
        return _error(401, "sign in first")
    way = signing_in.way_in(request.url.path, request.url.query)
    return RedirectResponse(way, 303, headers={"Cache-Control": "no-store"})


def _may(viewer: Viewer, audience: Audience, request: Request) -> bool:
    match audience:
        case "viewer":
            return True
        case "course":
            return viewer.may_see(request.path_params["course"])
        case "staff":
            return viewer.is_staff


async def _answered(
    request: Request, viewer: Viewer, endpoint: Endpoint, refuse: Refuse
) -> Response:
    try:
        return await endpoint(request, viewer)
    except BadQuestion as e:
        return refuse(request, Refusal(400, str(e)))
    except Unknown as e:
        return refuse(request, Refusal(404, str(e)))
    except ClickHouseError:
        quote = new_id()
        logger.exception("a number could not be read", request=quote)
        why = f"the statistics cannot be read at the moment; quote {quote}"
        return refuse(request, Refusal(503, why, quote))


def _refused(_request: Request, refusal: Refusal) -> Response:
    return _error(refusal.status, refusal.sentence)


def _error(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)


def _only_at(
    origin: str, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that is not there at any other origin (S-15), whatever stands before us."""
    hosts = web.hosts_of(origin)

    async def answer(request: Request) -> Response:
        if request.headers.get("host", "").lower() not in hosts:
            return PlainTextResponse("Not Found\n", 404)
        if len(request.scope["query_string"]) > _LONGEST_QUERY:
            return _error(414, "this asks for too much at once")
        return await endpoint(request)

    return answer

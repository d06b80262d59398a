"""The addresses of the dashboard's pages, and of what they are made of."""

from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nbh_proto import names
from nbh_stats.courses import Courses
from nbh_stats.dashboard.pages import HOME, Pages
from nbh_stats.finding import Finding, Unknown
from nbh_stats.viewers import Viewer


class Refusal(NamedTuple):
    """Why something is not answered."""

    status: int
    sentence: str
    quote: str = ""
    """What finds it in the log."""


class Dashboard:
    """Answers; each of its methods is an endpoint."""

    def __init__(self, pages: Pages, finding: Finding, courses: Courses) -> None:
        self._pages = pages
        self._finding = finding
        self._courses = courses

    async def bare(self, _request: Request, _viewer: Viewer) -> Response:
        """Where somebody left the slash out."""
        return RedirectResponse(HOME, 308)

    async def home(self, request: Request, viewer: Viewer) -> Response:
        """Every course that somebody may see; those in which something happened under an earlier
        name are added by the page itself."""
        there = (course for course in self._courses.all() if not course.archived)
        seen = sorted(course.course for course in there if viewer.may_see(course.course))
        zone = self._finding.zone_of("")
        return self._pages.courses(_language(request), seen, zone, is_staff=viewer.is_staff)

    async def course(self, request: Request, _viewer: Viewer) -> Response:
        """A course."""
        about = await self._finding.about(_id(request, "course"))
        return self._pages.course(_language(request), about)

    async def node(self, request: Request, _viewer: Viewer) -> Response:
        """A machine."""
        node = _id(request, "node")
        return self._pages.node(_language(request), node, self._finding.zone_of(""))

    async def asset(self, request: Request, _viewer: Viewer) -> Response:
        """A style sheet or a script."""
        digest, name = request.path_params["digest"], request.path_params["name"]
        accepted = request.headers.get("accept-encoding", "")
        found = self._pages.assets.answer(digest, name, accepted)
        if found is None:
            raise Unknown("there is no such file")
        return found

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """A page that says why there is none."""
        return self._pages.sorry(_language(request), refusal.status, refusal.quote)


def _language(request: Request) -> str:
    return request.headers.get("accept-language", "")


def _id(request: Request, kind: str) -> str:
    try:
        return names.checked_id(kind, request.path_params[kind])
    except names.BadName as e:
        raise Unknown(f"there is no such {kind}") from e

"""Opens another page of Jupyter than a notebook: ``/ipythonForward/…`` (S15)."""

import time

from starlette.requests import Request
from starlette.responses import Response

from nbh_kit.bus import BusAway
from nbh_kit.links import Refused
from nbh_proto import new_id
from nbh_router import address, languages
from nbh_router.address import Forward, NoSuchAddress
from nbh_router.admission import Admitted, Call
from nbh_router.calls import Calls
from nbh_router.courses import Courses
from nbh_router.entrance import Entrance
from nbh_router.pages import Pages
from nbh_router.ticket import SECONDS, Ticket


class Forwarding:
    """Answers ``/ipythonForward/<course>/<student>/<page>``."""

    def __init__(
        self, *, calls: Calls, entrance: Entrance, courses: Courses, pages: Pages
    ) -> None:
        self._calls = calls
        self._entrance = entrance
        self._courses = courses
        self._pages = pages

    async def open(self, request: Request) -> Response:
        """GET: the page, in the student's lab."""
        arrived = time.monotonic()
        language = languages.liked(request.headers.get("accept-language", ""))
        if request.method == "HEAD":  # it must not open a lab
            return Response(status_code=405, headers={"Allow": "GET"})
        quote = new_id()
        try:
            wanted = address.forward(request.scope["raw_path"], request.scope["query_string"])
            await self._courses.known.wait(arrived)
            admitted = await self._let_in(request, wanted, quote)
        except NoSuchAddress:
            return self._pages.message("no-such-page", language)
        except Refused:
            return self._pages.message("refused", language, quote=quote)
        except BusAway:
            return self._pages.message("away", language, quote=quote)
        return await self._entrance.enter(
            _ticket(admitted, wanted, quote),
            language,
            arrived=arrived,
            once=bool(admitted.nonce),
        )

    async def _let_in(self, request: Request, wanted: Forward, quote: str) -> Admitted:
        # What is pulled changes the student's files: no platform's mere Referer does that.
        call = Call(
            place=wanted.place,
            action="open",
            query=wanted.signed,
            by_referer="at-once" if wanted.repository is None else "never",
        )
        admitted = await self._calls.let_in(request, call, quote)
        if wanted.repository is not None and not self._may_pull(wanted):
            self._calls.refused(call, why := Refused("scope", admitted.platform), quote)
            raise why
        return admitted

    def _may_pull(self, wanted: Forward) -> bool:
        course = self._courses.get(wanted.place.course)
        if course is None:
            return False
        return _plain(wanted.repository or "") in map(_plain, (course.giturl, *course.git_pull))


def _plain(url: str) -> str:
    """A repository's URL without what says nothing."""
    return url.rstrip("/").removesuffix(".git")


def _ticket(admitted: Admitted, wanted: Forward, access: str) -> Ticket:
    asked = time.time()
    return Ticket(
        access=access,
        place=admitted.place,
        page=wanted.page,
        action="open",
        platform=admitted.platform,
        asked=asked,
        until=asked + SECONDS,
    )

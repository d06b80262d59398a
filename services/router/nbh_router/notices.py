"""What a lab's page is told from outside it: that the lab will be stopped, or why it was (L10),
that it was refused memory (R-16), that its student has little room left (S-35), which revision
of the course is the present one; and which platforms it may tell something.

A page asks again and again, since a browser opens six connections at one origin without HTTP/2, a
platform's page may have as many notebooks, and a lab that is gone cannot tell anything itself.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nbh_kit.bus import Bus
from nbh_proto import (
    LabRanShort,
    LabStopAnnounced,
    LabStopWithdrawn,
    WorkspaceFull,
    WorkspaceHasRoom,
    WorkspaceNearlyFull,
    lab_key,
    now,
)
from nbh_router import origins
from nbh_router.courses import Courses
from nbh_router.routes import Routes

_MOST = 10_000

T = TypeVar("T")


class _Latest(Generic[T]):
    """What was told last of each of so many labs or workspaces, oldest first."""

    def __init__(self) -> None:
        self._told: dict[str, T] = {}

    def put(self, key: str, told: T) -> None:
        self._told.pop(key, None)
        self._told[key] = told
        if len(self._told) > _MOST:
            del self._told[next(iter(self._told))]

    def forget(self, key: str) -> None:
        self._told.pop(key, None)

    def get(self, key: str) -> T | None:
        return self._told.get(key)


class Notices:
    """Answers ``/-/lab/<capability>``: who knows the capability may use the lab; and
    ``/-/platforms``, which is no secret: the policy of each page says it."""

    def __init__(self, routes: Routes, courses: Courses, platforms: Iterable[str]) -> None:
        """``platforms`` are the origins that may show labs in a frame."""
        self._routes = routes
        self._courses = courses
        self._platforms = [origins.normal(each) for each in platforms]
        self._stops: _Latest[LabStopAnnounced] = _Latest()
        self._shortages: _Latest[LabRanShort] = _Latest()
        """These two by capability."""

        self._full: _Latest[WorkspaceFull | WorkspaceNearlyFull] = _Latest()
        """By course and student: a workspace outlives its labs."""

    @asynccontextmanager
    async def connected(self, bus: Bus) -> AsyncGenerator[None]:
        """Hear what is announced while the block runs."""
        async with AsyncExitStack() as stack:
            for hearing in (
                bus.hearing(LabStopAnnounced, self.announced),
                bus.hearing(LabStopWithdrawn, self.withdrawn),
                bus.hearing(LabRanShort, self.ran_short),
                bus.hearing(WorkspaceFull, self.filled),
                bus.hearing(WorkspaceNearlyFull, self.filled),
                bus.hearing(WorkspaceHasRoom, self.emptied),
            ):
                await stack.enter_async_context(hearing)
            yield

    def announced(self, told: LabStopAnnounced) -> None:
        """A lab will be stopped."""
        if capability := self._routes.capability_of(told.course, told.student):
            self._stops.put(capability, told)

    def withdrawn(self, told: LabStopWithdrawn) -> None:
        """It will not."""
        self._stops.forget(self._routes.capability_of(told.course, told.student) or "")

    def ran_short(self, told: LabRanShort) -> None:
        """A lab was refused more than it may have, and goes on."""
        if capability := self._routes.capability_of(told.course, told.student):
            self._shortages.put(capability, told)

    def filled(self, told: WorkspaceFull | WorkspaceNearlyFull) -> None:
        """A student has no room left, or little."""
        self._full.put(lab_key(told.course, told.student), told)

    def emptied(self, told: WorkspaceHasRoom) -> None:
        """They have some again."""
        self._full.forget(lab_key(told.course, told.student))

    async def answer(self, request: Request) -> Response:
        """What becomes of a lab, as JSON."""
        capability = request.path_params["capability"]
        ended = self._routes.why_gone(capability)
        if ended is None and not self._routes.is_there(capability):
            ended = "lost"
        told = {"stops": None, "ended": ended, "short": None, "disk": None, "commit": ""}
        if ended is None:
            told |= self._of_a_lab(capability)
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    def _of_a_lab(self, capability: str) -> dict[str, Any]:
        stop, short = self._stops.get(capability), self._shortages.get(capability)
        told: dict[str, Any] = {
            "stops": _stop(stop, now()) if stop else None,
            "short": _shortage(short, now()) if short else None,
        }
        if owner := self._routes.owner(capability):
            full = self._full.get(lab_key(owner.course, owner.student))
            course = self._courses.get(owner.course)
            told["disk"] = _disk(full) if full else None
            told["commit"] = course.commit if course else ""
        return told

    async def platforms(self, request: Request) -> Response:
        """Who may be told how high a notebook is, as JSON."""
        told = {"origins": self._platforms}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _stop(stop: LabStopAnnounced, at: datetime) -> dict[str, Any]:
    """Seconds and no instant: who knows what a browser's clock says."""
    seconds = max(0.0, (stop.stops_at - at).total_seconds())
    return {"seconds": round(seconds, 1), "reason": stop.reason}


def _shortage(short: LabRanShort, at: datetime) -> dict[str, Any]:
    """Seconds since then; ``times`` tells one from another."""
    ago = max(0.0, (at - short.at).total_seconds())
    of_what = {"of": short.of, "limit": short.limit, "times": short.times}
    return of_what | {"ago": round(ago, 1)}


def _disk(told: WorkspaceFull | WorkspaceNearlyFull) -> dict[str, Any]:
    is_full = isinstance(told, WorkspaceFull)
    return {"of": told.of, "taken": told.taken, "limit": told.limit, "full": is_full}

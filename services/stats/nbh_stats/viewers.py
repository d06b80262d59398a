"""Who asks, and which courses they may see.

People sign in at the courses service; here their session is looked up (S-50). A program is let in
by the secret that `nbh up` keeps in ``<data>/secrets/stats``, in ``Authorization: Bearer …``.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.requests import Request

from nbh_kit.sessions import Sessions
from nbh_proto import Account

UNATTENDED = "nbh-unattended"
"""A header of requests that a page sends by itself, since numbers are other ones."""


class Viewer(NamedTuple):
    """Somebody who is let in."""

    courses: frozenset[str] | None = None
    """What a teacher may see; None for staff, who see every course and the machines."""

    def may_see(self, course: str) -> bool:
        """Whether this course is for them."""
        return self.courses is None or course in self.courses

    @property
    def is_staff(self) -> bool:
        """Whether the machines, and all courses, are for them."""
        return self.courses is None


Recognise = Callable[[Request], Awaitable[Viewer | None]]
"""Who sends a request; None for nobody. This is the one place that decides it. It raises `BusAway`
while nobody's session can be known."""


def anybody_known(secret: str, sessions: Sessions) -> Recognise:
    """Who has the secret, and who is signed in."""
    by_secret_, by_session_ = by_secret(secret), by_session(sessions)

    async def recognise(request: Request) -> Viewer | None:
        return await by_secret_(request) or await by_session_(request)

    return recognise


def by_secret(secret: str) -> Recognise:
    """Whoever has the secret is staff; with an empty one nobody is."""
    expected = f"Bearer {secret}".encode()

    async def recognise(request: Request) -> Viewer | None:
        given = request.headers.get("authorization", "").encode()
        if secret and hmac.compare_digest(given, expected):
            return Viewer()
        return None

    return recognise


def by_session(sessions: Sessions) -> Recognise:
    """Whoever is signed in: staff see everything, teachers the courses of their account (S-54)."""

    async def recognise(request: Request) -> Viewer | None:
        # what a page asks for by itself keeps nobody signed in
        is_stream = request.headers.get("accept", "") == "text/event-stream"
        active = not is_stream and UNATTENDED not in request.headers
        known = await sessions.of(request.headers.get("cookie", ""), active=active)
        return _viewer(known.account) if known else None

    return recognise


def _viewer(account: Account) -> Viewer:
    match account.role:
        case "staff":
            return Viewer()
        case "teacher":
            return Viewer(frozenset(account.courses))

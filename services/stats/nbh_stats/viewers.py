"""Who asks, and which courses they may see.

Accounts and their sessions are not here yet. Until they are, one caller is let in: who has the
secret that `nbh up` keeps in ``<data>/secrets/stats``, in ``Authorization: Bearer …``. Without
that file nobody is.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.requests import Request


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
"""Who sends a request; None for nobody. This is the one place that decides it."""


def by_secret(secret: str) -> Recognise:
    """Whoever has the secret is staff; with an empty one nobody is."""
    expected = f"Bearer {secret}".encode()

    async def recognise(request: Request) -> Viewer | None:
        given = request.headers.get("authorization", "").encode()
        if secret and hmac.compare_digest(given, expected):
            return Viewer()
        return None

    return recognise

"""What signing in and the pages of who is signed in share: who asks, from where, how often."""

import time
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nbh_courses.accounts.accounts import Accounts
from nbh_courses.accounts.book import Kept
from nbh_courses.accounts.pages import Pages
from nbh_courses.accounts.throttle import Throttles
from nbh_courses.accounts.verifying import Verifier
from nbh_kit import sessions, web
from nbh_kit.bus import Bus
from nbh_kit.sessions import Sessions
from nbh_proto import Account


class TooOften(Exception):
    """So many passwords were tried that the next one has to wait for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Reception(NamedTuple):
    """Its parts."""

    bus: Bus
    accounts: Accounts
    sessions: Sessions
    verifier: Verifier
    throttles: Throttles
    pages: Pages
    networks: tuple[str, ...]
    """Where Traefik is (`web.address_of`)."""

    def address_hash(self, request: Request) -> str:
        """Where somebody asks from, as events have it."""
        return self.accounts.hash_of_address(self._address(request))

    async def knows(
        self, request: Request, account: str, kept: Kept | None, password: str
    ) -> bool:
        """Whether somebody knows the password of an account, which is or is not there.

        Raises:
            TooOften: nobody looks.
            Busy: nobody looks now.
        """
        address, at = self._address(request), time.monotonic()
        if seconds := self.throttles.wait(account, address, at):
            raise TooOften(seconds)
        self.throttles.count(account, address, at)
        right = await self.verifier.is_right(password, kept.password_hash if kept else None)
        if right:
            self.throttles.forget(account)
        return right

    async def let_in(self, request: Request, account: Account, target: str) -> Response:
        """On to a page, with a new session instead of the one that the browser may have (S-50).

        Raises:
            BusAway: they are not in.
        """
        await self.sessions.end(cookies(request))
        answer = see_other(target)
        answer.headers["Set-Cookie"] = sessions.given(await self.sessions.open(account))
        return answer

    def _address(self, request: Request) -> str:
        return web.address_of(request.scope, self.networks)


def cookies(request: Request) -> str:
    """All that a browser sends."""
    return request.headers.get("cookie", "")


def language(request: Request) -> str:
    """What it says of its person's languages."""
    return request.headers.get("accept-language", "")


def see_other(target: str) -> Response:
    """Go there, with a GET."""
    return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})

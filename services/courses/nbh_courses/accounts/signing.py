"""``/login``: who comes with the right name and password goes on with a session (S-50, S-52)."""

import contextlib
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import Response

from nbh_courses.accounts import forms, reception
from nbh_courses.accounts.book import Kept
from nbh_courses.accounts.forms import TooMuch
from nbh_courses.accounts.reception import Reception, TooOften
from nbh_courses.accounts.verifying import Busy
from nbh_courses.accounts.words import Wrong
from nbh_courses.failure import CourseError
from nbh_kit import passwords, signing_in
from nbh_kit.bus import BusAway
from nbh_proto import SignedIn, SignInRefused

logger = structlog.get_logger(__name__)


class Signing:
    """The page, and what it sends."""

    def __init__(self, desk: Reception) -> None:
        self._desk = desk

    async def style(self, _request: Request) -> Response:
        """The style sheet of all pages about accounts."""
        return self._desk.pages.style()

    async def page(self, request: Request) -> Response:
        """The form; who is signed in already goes on."""
        target = signing_in.inside(request.query_params.get("next", ""))
        known = None
        with contextlib.suppress(BusAway):
            known = await self._desk.sessions.of(reception.cookies(request))
        if known:
            return reception.see_other(target)
        if _comes_from_outside(request):
            here = f"{signing_in.LOGIN}?{urlencode({'next': target, 'arrived': 1})}"
            return self._desk.pages.arriving(reception.language(request), here)
        return self._desk.pages.sign_in(reception.language(request), target=target)

    async def sign_in(self, request: Request) -> Response:
        """The form, filled in."""
        try:
            form = await forms.fields(request)
        except TooMuch:
            form = {"name": "", "password": ""}
            return self._again(request, form, "too-much")
        try:
            return await self._judged(request, form)
        except TooOften as e:
            return self._again(request, form, "throttled", e.seconds)
        except Busy:
            return self._again(request, form, "busy", _SOON)
        except BusAway as e:
            logger.warning("nobody can sign in", error=str(e))
            return self._again(request, form, "away", _SOON)

    def away(self, request: Request) -> Response:
        """Nobody can be known at the moment; who tries again a little later is."""
        target = request.url.path if request.method == "GET" else ""
        return self._again(request, {"next": target}, "away", _SOON)

    async def _judged(self, request: Request, form: dict[str, str]) -> Response:
        name, password = form.get("name", "").strip()[:_LONGEST_NAME], form.get("password", "")
        kept = self._desk.accounts.of(name)
        if not await self._desk.knows(request, name, kept, password) or kept is None:
            await self._tell_refused(request, kept)
            return self._again(request, form, "refused")
        await self._rehash(kept, password)
        target = signing_in.inside(form.get("next", ""))
        # the account as it was when its password was right: if it has another one by now, the
        # session is over when it begins
        answer = await self._desk.let_in(request, kept.value, target)
        address_hash = self._desk.address_hash(request)
        await self._desk.bus.tell(SignedIn(account=kept.account, address_hash=address_hash))
        return answer

    async def _tell_refused(self, request: Request, kept: Kept | None) -> None:
        refused = SignInRefused(
            account=kept.account if kept else None,
            reason="password" if kept else "unknown",
            address_hash=self._desk.address_hash(request),
        )
        with contextlib.suppress(BusAway):
            await self._desk.bus.tell(refused)

    async def _rehash(self, kept: Kept, password: str) -> None:
        """Keep up with parameters that a newer release uses (S-52)."""
        if not passwords.needs_rehash(kept.password_hash):
            return
        try:
            hash_ = await self._desk.verifier.hashed(password)
            await self._desk.accounts.rehash(kept.account, kept.password_hash, hash_)
        except (Busy, CourseError) as e:  # the next time, then
            logger.warning("a password was not hashed anew", error=repr(e))

    def _again(
        self, request: Request, form: dict[str, str], wrong: Wrong, wait: float = 0
    ) -> Response:
        return self._desk.pages.sign_in(
            reception.language(request),
            target=signing_in.inside(form.get("next", "")),
            name=form.get("name", "")[:_LONGEST_NAME],
            wrong=wrong,
            wait=wait,
        )


_LONGEST_NAME = 128
_SOON = 3.0
"""Seconds."""


def _comes_from_outside(request: Request) -> bool:
    """Whether another site's link led here: then a browser keeps the cookie to itself
    (SameSite=Strict), and shows it to the next request that comes from a page of ours."""
    elsewhere = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return elsewhere and "arrived" not in request.query_params

"""The pages of somebody who is signed in: who they are here, another password, the way out."""

import structlog
from starlette.requests import Request
from starlette.responses import Response

from nbh_courses.accounts import forms, reception
from nbh_courses.accounts.forms import TooMuch
from nbh_courses.accounts.reception import Reception, TooOften
from nbh_courses.accounts.verifying import Busy
from nbh_courses.accounts.words import Wrong
from nbh_courses.failure import CourseError
from nbh_kit import passwords, sessions, signing_in
from nbh_kit.passwords import BadPassword
from nbh_kit.sessions import Known
from nbh_proto import SignedOut

_CHANGED = "changed"

logger = structlog.get_logger(__name__)


class Own:
    """One's own account."""

    def __init__(self, desk: Reception) -> None:
        self._desk = desk

    async def account(self, request: Request, known: Known) -> Response:
        """Who somebody is here, and what they see."""
        changed = _CHANGED in request.query_params
        return self._desk.pages.account(
            reception.language(request), known.account, changed=changed
        )

    async def sign_out(self, request: Request, known: Known) -> Response:
        """End this browser's session."""
        await self._desk.sessions.end(reception.cookies(request))
        told = SignedOut(
            account=known.account.account, address_hash=self._desk.address_hash(request)
        )
        await self._desk.bus.tell(told)
        answer = reception.see_other(signing_in.LOGIN)
        answer.headers["Set-Cookie"] = sessions.taken()
        return answer

    async def password(self, request: Request, known: Known) -> Response:
        """The form for another password."""
        return self._again(request, known, None)

    async def change_password(self, request: Request, known: Known) -> Response:
        """The form, filled in: every session is over, and this browser gets a new one (S-50)."""
        try:
            return await self._changed(request, known, await forms.fields(request))
        except TooMuch:
            return self._again(request, known, "too-much")
        except BadPassword as e:
            return self._again(request, known, e.rule)
        except TooOften as e:
            return self._again(request, known, "throttled", e.seconds)
        except Busy:
            return self._again(request, known, "busy")
        except CourseError as e:
            logger.error("a password cannot be kept", error=str(e))
            return self._again(request, known, "error")

    async def _changed(self, request: Request, known: Known, form: dict[str, str]) -> Response:
        name, new = known.account.account, form.get("new", "")
        if new != form.get("again"):
            return self._again(request, known, "different")
        passwords.checked(new, name)
        kept = self._desk.accounts.of(name)
        right = await self._desk.knows(request, name, kept, form.get("current", ""))
        if not right or kept is None:
            return self._again(request, known, "current")
        hash_ = await self._desk.verifier.hashed(new)
        account = await self._desk.accounts.change_password(
            name, kept.password_hash, hash_, self._desk.address_hash(request)
        )
        if account is None:
            return self._again(request, known, "current")
        return await self._desk.let_in(request, account, f"{signing_in.ACCOUNT}?{_CHANGED}")

    def _again(
        self, request: Request, known: Known, wrong: Wrong | None, wait: float = 0
    ) -> Response:
        language = reception.language(request)
        return self._desk.pages.password(language, known.account, wrong, wait)

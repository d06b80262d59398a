"""Shows a student's notebook to staff, and to the teachers of its course: never the live one.

A live notebook is a page of the student's making at the origin of all labs (S-16); who looks at it
runs what they wrote. What is shown is a page of the share origin, in its sandbox, for one reader.
"""

from pathlib import Path
from typing import NamedTuple

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from nbh_courses.accounts import forms, reception
from nbh_courses.accounts.forms import TooMuch
from nbh_courses.viewing.words import STATUS, WORDS, Wrong
from nbh_kit import commanding, languages, pages, web
from nbh_kit.bus import Bus, BusAway
from nbh_kit.sessions import Known
from nbh_proto import Account, NotebookViewed, ShareFailed, ShareMade, ShowNotebook, names
from nbh_proto.names import BadName
from nbh_proto.share import ShareAnswer

PATH = "/view"

_FOLDER = Path(__file__).parent / "templates"
_LONGER = 10.0
"""Seconds beyond those that a page may take to be made: it may have to wait for its turn."""

logger = structlog.get_logger(__name__)


class Asked(NamedTuple):
    """What somebody wants to look at, as they typed it."""

    course: str = ""
    student: str = ""
    notebook: str = ""


class _Not(Exception):
    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong)
        self.wrong: Wrong = wrong


class Viewing:
    """Answers ``/view``. Holds its template in memory: later the process may not read it."""

    def __init__(self, bus: Bus, *, share_origin: str, style: str, within: float) -> None:
        """Take who is needed.

        Args:
            style: the address of the style sheet.
            within: how many seconds a page may take to be made.
        """
        self._bus = bus
        self._share_origin = share_origin
        self._style = style
        self._within = within + _LONGER
        self._template = pages.templates(_FOLDER, "viewing")["viewing"]
        self._headers = web.PAGE | {
            # a browser asks about what a form's answer leads to as well
            "content-security-policy": web.PAGE["content-security-policy"].replace(
                "form-action 'self'", f"form-action 'self' {share_origin}"
            ),
            "Vary": "Accept-Language, Cookie",
        }

    async def page(self, request: Request, known: Known) -> Response:
        """The form, with what the address says filled in."""
        asked = _asked(dict(request.query_params))
        if asked.course and not _may_see(known.account, asked.course):
            return self._not_yours(request)
        return self._form(request, asked)

    async def show(self, request: Request, known: Known) -> Response:
        """The form, filled in: on to the page that is made."""
        asked = Asked()
        try:
            asked = _asked(await forms.fields(request))
            if not _may_see(known.account, asked.course):
                return self._not_yours(request)
            return await self._shown(known.account, _checked(asked))
        except TooMuch:
            return self._form(request, asked, "too-much")
        except (BusAway, TimeoutError) as e:
            logger.warning("nobody shows a notebook", error=repr(e))
            return self._form(request, asked, "away")
        except _Not as e:
            return self._form(request, asked, e.wrong)

    async def _shown(self, account: Account, asked: Asked) -> Response:
        command = ShowNotebook(course=asked.course, student=asked.student, notebook=asked.notebook)
        match await commanding.carried_out(self._bus, command, ShareAnswer, within=self._within):
            case ShareMade(share=share):
                # before anybody sees anything
                await self._bus.tell(NotebookViewed(account=account.account, **asked._asdict()))
                page = f"{self._share_origin}/snapshots/{share.name}.html"
                return RedirectResponse(page, 303, {"Cache-Control": "no-store"})
            case ShareFailed(reason=reason):
                raise _Not(reason)
        raise _Not("internal")

    def _form(self, request: Request, asked: Asked, wrong: Wrong | None = None) -> Response:
        return self._page(request, asked, wrong, STATUS.get(wrong, 422) if wrong else 200)

    def _not_yours(self, request: Request) -> Response:
        return self._page(request, Asked(), None, 403)

    def _page(
        self, request: Request, asked: Asked, wrong: Wrong | None, status: int
    ) -> HTMLResponse:
        tag = languages.liked(reception.language(request))
        words = WORDS[tag]
        text = self._template.render(
            tag=tag,
            words=words,
            style=self._style,
            given=asked,
            not_yours=status == 403,
            complaint=words.wrong[wrong] if wrong else "",
        )
        return HTMLResponse(text, status, self._headers)


def _asked(given: dict[str, str]) -> Asked:
    return Asked(**{name: given.get(name, "").strip() for name in Asked._fields})


def _may_see(account: Account, course: str) -> bool:
    """Staff see every course, teachers those of their account (S-54)."""
    return account.role == "staff" or course in account.courses


def _checked(asked: Asked) -> Asked:
    try:
        names.checked_id("course", asked.course)
    except BadName as e:
        raise _Not("course-unknown") from e
    try:
        names.checked_id("student", asked.student)
        return asked._replace(notebook=names.notebook(asked.notebook))
    except BadName as e:
        raise _Not("student" if e.kind == "student" else "notebook") from e

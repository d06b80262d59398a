"""The pages that students see when it is not yet, or not, their notebook (S16, E-17, E-20)."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup
from starlette.responses import HTMLResponse

from nbh_kit import pages
from nbh_kit.links import Place
from nbh_proto import AccessProgress
from nbh_proto.access import Action
from nbh_proto.workspace import Full
from nbh_router import languages
from nbh_router.languages import Language
from nbh_router.rescue_words import STATUS as RESCUE_STATUS
from nbh_router.rescue_words import WORDS, Wrong
from nbh_router.words import Kind, Progress

STATUS: dict[Kind, int] = {
    "refused": 403,
    "no-such-page": 404,
    "course-unknown": 404,
    "notebook-unknown": 404,
    "lab-gone": 404,
    "lab-over-quota": 404,
    "lab-ended": 404,
    "lab-out-of-memory": 404,
    "workspace-unusable": 500,
    "internal": 500,
    "error": 500,
    "confirm-reset": 200,
    "confirm-undo": 200,
    "confirm-stop": 200,
    "lab-stopped": 200,
    "no-room": 200,
}
"""503 for all others: they pass."""

_BY_ITSELF: dict[Kind, int] = {
    "beginning": 2,
    "away": 3,
    "lab-silent": 4,
    "engine-down": 10,
    "drained": 30,
    "drained-until": 30,
}
"""Seconds after which these pages try again by themselves."""

_STAGES = ("queued", "copying", "starting", "booting")
_FOLDER = Path(__file__).parent / "templates"


class Pages:
    """Renders all pages. Holds its templates in memory: later the process may not read them."""

    def __init__(self, frame_ancestors: Sequence[str], share_origin: str = "") -> None:
        """Take who may show them in a frame, and where a form of ours may lead besides here."""
        names = ("base", "message", "confirm", "progress", "rescue")
        self._templates = pages.templates(_FOLDER, *names)
        self._style = pages.look() + (_FOLDER / "style.css").read_text()
        self._script = (_FOLDER / "progress.js").read_text()
        self._headers = _headers(self._style, self._script, frame_ancestors, share_origin)

    def message(
        self,
        kind: Kind,
        language: Language,
        *,
        place: Place | None = None,
        quote: str = "",
        again: str = "",
        next_url: str = "",
        files: str = "",
        notebook: str = "",
        full: Full | None = None,
        rescue: str = "",
        said: str = "",
        back: str = "",
        retry: int = 0,
        status: int | None = None,
    ) -> HTMLResponse:
        """What happened and what to do.

        ``quote`` is the id to quote, ``again`` where the button posts to, ``next_url`` where those
        pages go that try again by themselves and have no button (empty for the same address),
        ``files`` and ``notebook`` where those are, ``full`` what there is no room for,
        ``rescue`` where a student's work is got at without their lab, ``said`` what the operator
        says of it, ``back`` when it should be over, and ``retry`` after how many seconds programs
        should come back, if that is not when the page does.
        """
        refresh = _BY_ITSELF.get(kind, 0)
        return self._response(
            "message",
            status or STATUS.get(kind, 503),
            _words(kind, language, place, full, back)
            | {"tone": "busy" if refresh else "still", "sign": "*" if refresh else "!"}
            | {"quote": quote, "again": "" if refresh else again}
            | {"refresh": refresh, "next": next_url}
            | {"files": files, "notebook": notebook, "rescue": rescue, "said": said},
            language,
            {"Retry-After": str(retry or refresh)} if retry or refresh else {},
        )

    def confirm(
        self, language: Language, place: Place, action: Action, ticket: str
    ) -> HTMLResponse:
        """Whether a reset, or its undoing, is meant (S14)."""
        kind: Kind = "confirm-undo" if action == "undo" else "confirm-reset"
        buttons = language.buttons
        values = {
            **_words(kind, language, place),
            "tone": "still",
            "sign": "?",
            "action": action,
            "yes": buttons.undo if action == "undo" else buttons.reset,
            "no": buttons.keep,
            "ticket": ticket,
        }
        return self._response("confirm", 200, values, language)

    def confirm_stop(self, language: Language, place: Place, ticket: str) -> HTMLResponse:
        """Whether a lab is meant to be stopped (S14)."""
        values = {
            **_words("confirm-stop", language, place),
            "tone": "still",
            "sign": "?",
            "action": "stop",
            "yes": language.buttons.stop,
            "no": "",
            "ticket": ticket,
        }
        return self._response("confirm", 200, values, language)

    def rescue(
        self,
        language: Language,
        *,
        notebook: str,
        here: str,
        has_lab: bool,
        wrong: Wrong | None = None,
        report: str = "",
    ) -> HTMLResponse:
        """How a student gets at their work without their lab.

        ``here`` is the page's own address, ``wrong`` why what they asked for was not done, and
        ``report`` the id of what they have reported.
        """
        words = WORDS[language.tag]
        values = {
            "title": words.title,
            "tone": "still",
            "sign": "!",
            "words": words,
            "notebook": notebook,
            "here": here,
            "state": words.runs if has_lab else words.runs_not,
            "complaint": words.wrong[wrong] if wrong else "",
            "report": report,
        }
        return self._response("rescue", RESCUE_STATUS.get(wrong, 503), values, language)

    def progress(
        self,
        language: Language,
        *,
        place: Place,
        heard: AccessProgress | None,
        here: str,
        once: bool,
        quote: str,
    ) -> HTMLResponse:
        """Where an access stands. ``here`` is the address that follows it, ``once`` whether the
        address it was opened with opens only once."""
        words = language.progress
        values = {
            "title": words.title,
            "tone": "busy",
            "sign": "*",
            "words": words,
            "notebook": place.notebook or place.course,
            "steps": [
                ("queued", _first_step(words, heard)),
                ("copying", words.copying),
                ("starting", words.starting),
                ("booting", words.booting),
            ],
            "current": _STAGES.index(heard.stage) if heard else 0,
            "here": here,
            "once": once,
            "quote": quote,
            "script": Markup(self._script),
        }
        return self._response("progress", 200, values, language)

    def _response(
        self,
        template: str,
        status: int,
        values: Mapping[str, object],
        language: Language,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        style = Markup(self._style)
        text = self._templates[template].render(values, language=language, style=style)
        return HTMLResponse(text, status, {**self._headers, **(headers or {})})


def _first_step(words: Progress, heard: AccessProgress | None) -> str:
    if heard is None or heard.stage != "queued":
        return words.asked
    match heard.position:
        case 0:
            return words.queued
        case 1:
            return words.one_before
        case n:
            return words.some_before.format(n=n)


def _words(
    kind: Kind,
    language: Language,
    place: Place | None,
    full: Full | None = None,
    back: str = "",
) -> dict[str, object]:
    sentences = language.sentences[kind]
    # another page than a notebook's is one of the whole course's
    names = {"course": place.course, "notebook": place.notebook or place.course} if place else {}
    names["back"] = back
    if full:
        names["amount"] = languages.amount(full, language.amounts)
    title, what, advice = (text.format_map(names) for text in sentences)
    return {"title": title, "what": what, "advice": advice}


def _headers(
    style: str, script: str, frame_ancestors: Sequence[str], share_origin: str
) -> dict[str, str]:
    ancestors = " ".join(("'self'", *frame_ancestors))
    policy = (
        "default-src 'none'",
        f"style-src '{_hash(style)}'",
        f"script-src '{_hash(script)}'",
        "connect-src 'self'",
        # a browser asks about what a form's answer leads to as well
        f"form-action 'self' {share_origin}".rstrip(),
        "base-uri 'none'",
        f"frame-ancestors {ancestors}",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

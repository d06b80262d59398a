"""The pages about accounts: plain HTML, no script, each word in the person's language."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import HTMLResponse, Response

from nbh_courses.accounts import english, french
from nbh_courses.accounts.words import Words, Wrong
from nbh_kit import languages, pages, passwords, signing_in, web
from nbh_kit.languages import Tag
from nbh_proto import Account

STYLE = "/login/style.css"

_FOLDER = Path(__file__).parent / "templates"
_ALL: dict[Tag, Words] = {"en": english.WORDS, "fr": french.WORDS}
_FOR_EVER = "public, max-age=31536000, immutable"

STATUS: dict[Wrong, int] = {
    "refused": 403,
    "throttled": 429,
    "busy": 503,
    "away": 503,
    "too-much": 413,
    "current": 403,
    "error": 500,
}
"""422 for all others: the form was not filled in well."""


class Pages:
    """Renders them. Holds its files in memory: later the process may not read them."""

    def __init__(self, *, cookies_hold: bool) -> None:
        names = ("sign-in", "arriving", "account", "password")
        self._templates = pages.templates(_FOLDER, *names)
        self._style = pages.look() + (_FOLDER / "style.css").read_text()
        digest = hashlib.sha256(self._style.encode()).hexdigest()[:16]
        self._style_url = f"{STYLE}?{digest}"
        self._cookies_hold = cookies_hold

    @property
    def style_url(self) -> str:
        """Where their style sheet is."""
        return self._style_url

    def style(self) -> Response:
        """What they look like; its address changes with it."""
        return Response(self._style, media_type="text/css", headers={"Cache-Control": _FOR_EVER})

    def sign_in(
        self,
        language: str,
        *,
        target: str,
        name: str = "",
        wrong: Wrong | None = None,
        wait: float = 0,
    ) -> Response:
        """Asks for a name and a password; ``target`` is where it goes on to."""
        values = {"target": target, "name": name, "cookies_hold": self._cookies_hold}
        return self._page("sign-in", language, values, wrong, wait)

    def arriving(self, language: str, here: str) -> Response:
        """Goes on to ``here`` by itself, as from a page of our own."""
        return self._page("arriving", language, {"here": here})

    def account(self, language: str, account: Account, *, changed: bool) -> Response:
        """Who somebody is here."""
        return self._page("account", language, {"account": account, "changed": changed})

    def password(
        self, language: str, account: Account, wrong: Wrong | None = None, wait: float = 0
    ) -> Response:
        """Asks for another password."""
        return self._page("password", language, {"account": account}, wrong, wait)

    def _page(
        self,
        template: str,
        language: str,
        values: Mapping[str, object],
        wrong: Wrong | None = None,
        wait: float = 0,
    ) -> Response:
        tag = languages.liked(language)
        words = _ALL[tag]
        common = {
            "tag": tag,
            "words": words,
            "style": self._style_url,
            "home": signing_in.HOME,
            "least": passwords.SHORTEST,
            "complaint": _complaint(words, wrong, wait),
        }
        text = self._templates[template].render(common | dict(values))
        headers = web.PAGE | {"Vary": "Accept-Language, Cookie"}
        if wait:
            headers |= {"Retry-After": str(math.ceil(wait))}
        return HTMLResponse(text, STATUS.get(wrong, 422) if wrong else 200, headers)


def _complaint(words: Words, wrong: Wrong | None, wait: float) -> str:
    minutes = math.ceil(wait / 60)
    if wrong is None:
        return ""
    if wrong == "throttled" and minutes <= 1:
        return words.one_minute
    return words.wrong[wrong].format(minutes=minutes, least=passwords.SHORTEST)

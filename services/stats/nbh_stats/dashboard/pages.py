"""Renders the dashboard's pages: all that stands still. Their scripts fetch the numbers."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from starlette.responses import HTMLResponse, Response

from nbh_kit import languages, pages, web
from nbh_kit.languages import Tag
from nbh_stats.dashboard import charts, english, french
from nbh_stats.dashboard.assets import PLOTLY, Assets
from nbh_stats.dashboard.words import Titled, Words
from nbh_stats.finding import About

HOME = "/dashboard/"
DAYS = (7, 30, 90)
"""What can be shown up to today with one click."""

_FOLDER = Path(__file__).parent / "templates"
_ALL: dict[Tag, Words] = {"en": english.WORDS, "fr": french.WORDS}


class Pages:
    """Holds its files in memory: later the process may not read them."""

    def __init__(self) -> None:
        names = ("courses", "course", "node", "sorry")
        self._templates = pages.templates(_FOLDER, *names)
        self.assets = Assets()

    def courses(
        self, language: str, names: Iterable[str], zone: str, *, is_staff: bool
    ) -> Response:
        """The list of courses, and for staff of machines."""
        groups = charts.SITE if is_staff else ()
        values = {"names": list(names), "zone": zone, "is_staff": is_staff, "groups": groups}
        return self._page("courses", language, values | {"plots": False})

    def course(self, language: str, about: About) -> Response:
        """One course."""
        return self._page("course", language, {"about": about, "groups": charts.COURSE})

    def node(self, language: str, node: str, zone: str) -> Response:
        """One machine."""
        return self._page("node", language, {"node": node, "zone": zone, "groups": charts.NODE})

    def sorry(self, language: str, status: int, quote: str = "") -> Response:
        """Why something is not shown."""
        said = _words(language).sorry
        values = {"sorry": said.get(status, said[404]), "quote": quote}
        return self._page("sorry", language, values, status)

    def _page(
        self, template: str, language: str, values: Mapping[str, object], status: int = 200
    ) -> Response:
        words = _words(language)
        common = {
            "tag": languages.liked(language),
            "words": words,
            "spoken": _spoken(words),
            "titled": _titled,
            "home": HOME,
            "days": DAYS,
            "address": self.assets.address,
            "scripts": self.assets.scripts,
            "plotly": self.assets.address(PLOTLY),
            "styled_elsewhere": self.assets.styled_elsewhere,
            "plots": True,
        }
        text = self._templates[template].render(common | dict(values))
        headers = web.PAGE | {"Vary": "Accept-Language, Cookie"}
        return HTMLResponse(text, status, headers)


def _words(language: str) -> Words:
    return _ALL[languages.liked(language)]


def _titled(words: Words, chart: charts.Chart) -> Titled:
    return words.charts[chart.id]


def _spoken(words: Words) -> str:
    """What scripts say, as JSON in an attribute: no script of ours stands in a page (S-53)."""
    said = {"spoken": words.spoken, "columns": words.columns, "values": words.values}
    return msgspec.json.encode(said).decode()

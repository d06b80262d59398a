"""A learning platform of one page: a lesson with two notebooks in frames. Standard library only.

It shows all that a platform does to embed nbhosting: sign a link for the student who looks at the
page, each time the page is looked at (`../signers/python/launch_url.py`), and put it in a frame.
The key's secret comes by the environment, as PLATFORM_SECRET.
"""

import argparse
import html
import os
import re
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "signers" / "python"))

from launch_url import launch_url  # noqa: E402  # it stands beside us, as a file to copy
from lesson import LESSONS, STUDENTS, Lesson  # noqa: E402

LINK_SECONDS = 2 * 3600
"""A page that stays open for longer is reloaded before its notebooks open again."""


class Platform(NamedTuple):
    """What this platform has agreed upon with nbhosting."""

    notebooks: str
    """nbhosting's origin for content."""

    name: str
    key: str
    secret: str
    course: str
    snippets: Path
    """Where snippet.en.html and snippet.fr.html are: what `nbh snippet --title TITLE` prints."""

    def link(self, notebook: str, student: str, action: str = "open") -> str:
        """A launch link that nbhosting believes, for a while."""
        return launch_url(
            self.notebooks,
            self.course,
            notebook,
            student,
            self.name,
            self.key,
            self.secret,
            expires=int(time.time()) + LINK_SECONDS,
            action=action,
        )

    def rescue(self, link: str) -> str:
        """Where the student finds help if what the link opens does not work."""
        return f"{self.notebooks}/rescue{link.removeprefix(self.notebooks)}"


def page(platform: Platform, language: str, student: str) -> str:
    """The lesson as this student sees it."""
    lesson = LESSONS[language]
    first, second = (
        _frame(platform, lesson, language, number, student)
        for number in range(len(lesson.notebooks))
    )
    return _template("page.html").substitute(
        {key: _text(words) for key, words in lesson.words.items()},
        language=language,
        student=html.escape(STUDENTS[student]),
        students=_choices(STUDENTS, student, language=language),
        languages=_choices({k: v.name for k, v in LESSONS.items()}, language, student=student),
        first=first,
        second=second,
    )


def _frame(platform: Platform, lesson: Lesson, language: str, number: int, student: str) -> str:
    """What `nbh snippet` printed, with this student's links in it, and a line above it."""
    notebook, title = lesson.notebooks[number]
    url = platform.link(notebook, student)
    return _template("frame.html").substitute(
        title=html.escape(title),
        path=html.escape(notebook),
        url=html.escape(url),
        reset=html.escape(platform.link(notebook, student, action="reset")),
        snippet=_snippet(
            platform.snippets / f"snippet.{language}.html",
            TITLE=title,
            LAUNCH_URL=url,
            RESCUE_URL=platform.rescue(url),
        ),
        again=_text(lesson.words["again"]),
        sure=_text(lesson.words["sure"]),
        alone=_text(lesson.words["alone"]),
    )


def _snippet(printed: Path, **given: str) -> str:
    """`nbh snippet --title TITLE --language … COURSE NOTEBOOK`, filled in."""
    text = printed.read_text(encoding="utf-8")
    for name, value in given.items():
        text = text.replace(name, html.escape(value))
    return text


def _choices(names: dict[str, str], chosen: str, **others: str) -> str:
    """Links to the same page with another student or language."""
    parameter = "student" if "language" in others else "language"
    links = []
    for key, name in names.items():
        current = ' aria-current="true"' if key == chosen else ""
        query = html.escape(urlencode({parameter: key, **others}))
        links.append(f'<a href="?{query}"{current}>{html.escape(name)}</a>')
    return "".join(links)


def _text(words: str) -> str:
    # French puts a blank before these, and no line may begin with them
    return re.sub(r" ([:;?!])", "\N{NO-BREAK SPACE}\\1", html.escape(words))


def _template(name: str) -> Template:
    return Template((HERE / name).read_text(encoding="utf-8"))


class Handler(BaseHTTPRequestHandler):
    """Answers ``/`` with the lesson and ``/style.css`` with its looks."""

    platform: Platform

    def do_GET(self) -> None:  # the name that http.server asks for
        """Serve one request."""
        url = urlsplit(self.path)
        if url.path == "/style.css":
            self._answer((HERE / "style.css").read_bytes(), "text/css", "max-age=60")
        elif url.path == "/":
            asked = {key: values[0] for key, values in parse_qs(url.query).items()}
            language = asked.get("language", "")
            student = asked.get("student", "")
            text = page(
                self.platform,
                language if language in LESSONS else self._language(),
                student if student in STUDENTS else next(iter(STUDENTS)),
            )
            # the links in it are for this student and do not last: never out of a cache
            self._answer(text.encode(), "text/html; charset=utf-8", "no-store")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _language(self) -> str:
        wanted = self.headers.get("Accept-Language", "").lower()
        return "fr" if wanted.startswith("fr") else "en"

    def _answer(self, body: bytes, kind: str, caching: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", caching)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # the name is http.server's
        """Links are secrets of a kind: not in a log."""


def main() -> None:
    """Serve on this machine only, until the process ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--notebooks", required=True, help="nbhosting's origin for content")
    parser.add_argument("--course", required=True)
    parser.add_argument("--platform", required=True, help="our name in nbhosting.toml")
    parser.add_argument("--key", required=True, help="the id of our key there")
    parser.add_argument("--snippets", type=Path, required=True, help="what nbh snippet printed")
    given = parser.parse_args()
    Handler.platform = Platform(
        given.notebooks,
        given.platform,
        given.key,
        os.environ["PLATFORM_SECRET"],
        given.course,
        given.snippets,
    )
    ThreadingHTTPServer(("127.0.0.1", given.port), Handler).serve_forever()


if __name__ == "__main__":
    main()

"""What our pages say, in which language, and what they are allowed to do (S16, E-17, E-20)."""

import re
from html.parser import HTMLParser
from typing import get_args

import pytest

from nbh_kit.links import Place
from nbh_proto import AccessProgress
from nbh_proto.access import Reason, Stage
from nbh_proto.workspace import Full
from nbh_router import languages
from nbh_router.pages import Pages
from nbh_router.words import Kind

KINDS = [k for part in get_args(Kind) for k in get_args(part)] or list(get_args(Kind))
PLACE = Place(course="py", notebook="w1/<i>&n1", student="ada")
ID = "0123456789abcdef" * 2
FULL = Full(of="bytes", taken=11 * 1024**3, limit=10 * 1024**3)
LANGUAGES = list(languages.ALL.values())


@pytest.fixture(scope="module")
def pages():
    return Pages(["https://moodle.example.org"])


class _Outside(HTMLParser):
    """Collects whatever a page would load, and inline handlers and styles."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("src", "href", "style", "srcset") or name.startswith("on"):
                self.found.append((tag, name, value))


def text(response):
    return bytes(response.body).decode()


def test_every_kind_and_reason_has_its_words_in_every_language():
    assert set(get_args(Reason)) < set(KINDS)
    for language in LANGUAGES:
        assert set(language.sentences) == set(KINDS)
        for kind in KINDS:
            sentences = language.sentences[kind]
            assert sentences.title
            assert sentences.what
            assert sentences.advice or kind.startswith("confirm-")


def test_no_word_is_left_in_english():
    english, french = LANGUAGES
    for kind in KINDS:
        both = zip(english.sentences[kind], french.sentences[kind], strict=True)
        assert all(a != b for a, b in both if a)
    assert not set(english.progress) & set(french.progress)
    assert not set(english.buttons) & set(french.buttons)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.tag)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_says_what_happened_and_what_to_do(pages, kind, language):
    response = pages.message(
        kind, language, place=PLACE, quote=ID, again="/again", next_url="/x", full=FULL
    )
    page = text(response)
    title, what, _ = language.sentences[kind]
    assert f'<html lang="{language.tag}">' in page
    assert "<i>" not in page, "a name that somebody typed is text"
    if "{" not in title + what:
        assert f"<h1>{title}</h1>" in page
        assert what in page
    else:
        assert "w1/&lt;i&gt;&amp;n1" in page or "py" in page
    assert ID in page
    assert ('action="/again"' in page) != ('http-equiv="refresh"' in page)


def test_nothing_comes_from_elsewhere_and_nothing_inline_escapes_the_policy(pages):
    for response in (
        pages.message("refused", LANGUAGES[0], quote=ID),
        pages.confirm(LANGUAGES[0], PLACE, "reset", "ticket"),
        progress(pages),
    ):
        assert _Outside(text(response)).found == []
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self' https://moodle.example.org" in policy
        assert "unsafe" not in policy
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("full", "english", "french"),
    [
        (FULL, "11\u00a0GiB of 10\u00a0GiB", "11\u00a0Gio sur 10\u00a0Gio"),
        (("bytes", 1024**3 - 1024**2, 1024**3), "1023\u00a0MiB of 1\u00a0GiB", None),
        (("bytes", 1_600_000, 2**21), "1.5\u00a0MiB of 2\u00a0MiB", "1,5\u00a0Mio sur 2\u00a0Mio"),
        (("bytes", 100, 5 * 1024**5), "100\u00a0B of 5120\u00a0TiB", None),
        (("files", 210, 200), "210 of 200 files", "210 fichiers sur 200"),
    ],
)
def test_what_files_take_is_said_in_words(pages, full, english, french):
    if not isinstance(full, Full):
        full = Full(of=full[0], taken=full[1], limit=full[2])
    for language, amount in zip(LANGUAGES, (english, french), strict=True):
        page = text(pages.message("no-room", language, place=PLACE, full=full))
        assert amount is None or amount in page


def progress(pages, stage=None, position=0, language=LANGUAGES[0], **more):
    heard = AccessProgress(about="a", stage=stage, position=position) if stage else None
    given = {"place": PLACE, "heard": heard, "here": "/-/access/t", "once": False, "quote": ID}
    return pages.progress(language, **given | more)


@pytest.mark.parametrize("stage", [None, *get_args(Stage)])
def test_the_progress_page_marks_where_it_stands(pages, stage):
    page = text(progress(pages, stage))
    done = get_args(Stage).index(stage) if stage else 0
    assert page.count('class="done"') == done
    assert page.count('aria-current="step"') == 1
    assert re.search(rf'data-stage="{stage or "queued"}" class="now"', page)


@pytest.mark.parametrize(
    ("position", "words"),
    [(0, "Waiting for a free place"), (1, "1 student is before"), (7, "7 students are before")],
)
def test_the_queue_is_counted_in_words(pages, position, words):
    assert words in text(progress(pages, "queued", position))


def test_the_script_is_small(pages):
    page = text(progress(pages))
    script = page.split("<script>")[1].split("</script>")[0]
    assert len(script.encode()) <= 10 * 1024
    assert len(page.encode()) < 16 * 1024


def test_only_a_link_that_opens_once_changes_its_address(pages):
    assert " data-once" not in text(progress(pages))
    assert " data-once" in text(progress(pages, once=True))


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de,fr;q=0.5", "fr"),
        ("de,es", "en"),
        ("en;q=0.1, fr;q=0.2", "fr"),
        ("FR", "fr"),
        ("frx", "en"),
        ("fr;q=x", "en"),
        ("fr;q=nan", "en"),
        ("," * 10_000 + "fr", "en"),
    ],
)
def test_the_browser_chooses_the_language(header, tag):
    assert languages.liked(header).tag == tag

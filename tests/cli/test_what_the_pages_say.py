"""What README and docs say to type and to read is there."""

import re
from collections import Counter

import pytest

from nbh_cli.__main__ import app
from tests.conftest import REPOSITORY

PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CHANGELOG.md",
    *sorted(REPOSITORY.glob("docs/**/*.md")),
    *sorted(REPOSITORY.glob("images/**/*.md")),
    *sorted(REPOSITORY.glob("examples/**/*.md")),
]
_LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")
_CODE = re.compile(r"`[^`\n]+`")
_BLOCK = re.compile(r"^```(?:sh)?\n(.*?)^```", re.M | re.S)
_WORD = re.compile(r"[a-z-]+")


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def page(request):
    """Each page in turn."""
    return request.param


def test_a_link_leads_somewhere(page):
    text = _CODE.sub("", page.read_text())
    inside = [to for to in _LINK.findall(text) if "://" not in to]
    assert [to for to in inside if not (page.parent / to).exists()] == []


def test_what_is_to_be_typed_is_a_command(page):
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.M))
    for words in _lines_to_type(page):
        match words:
            case ["make", *wanted]:
                assert {word for word in wanted if "=" not in word} <= targets, words
            case ["nbh", *rest]:
                assert _is_command(rest), words


def test_the_first_screen_has_what_a_newcomer_looks_for():
    screen = "\n".join((REPOSITORY / "README.md").read_text().splitlines()[:30])
    for wanted in ("Hosts Jupyter notebooks", "──iframe──▶", "make demo", "make test"):
        assert wanted in screen
    assert {"docs/architecture.md", "docs/adr/"} <= set(_LINK.findall(screen))


def test_each_decision_has_a_number_of_its_own():
    numbers = Counter(p.name[:4] for p in (REPOSITORY / "docs/adr").glob("*.md"))
    assert sorted(numbers.elements()) == [f"{n:04}" for n in range(1, numbers.total() + 1)]


def _lines_to_type(page):
    for block in _BLOCK.findall(page.read_text()):
        for line in block.splitlines():
            words = line.partition(" #")[0].split()
            if words[:1] in (["make"], ["nbh"]):
                yield words


def _is_command(words):
    """Whether the first of these words, as many as it takes, name a command of nbh."""
    here = app()
    for word in words:
        if here.default_command is not None or not _WORD.fullmatch(word):
            break
        if word not in list(here):
            return False
        here = here[word]
    return True

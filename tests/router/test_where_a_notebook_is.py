"""The URL that a click is redirected to (S11, U9, S-29)."""

from urllib.parse import parse_qs, unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_router.redirect import files_url, notebook_url

CAPABILITY = "7" * 40


def url(url_format="notebooks/{notebook}", notebook="w1/n1.ipynb"):
    return notebook_url(
        capability=CAPABILITY,
        notebook=notebook,
        url_format=url_format,
        course="py",
        student="ada",
    )


@pytest.mark.parametrize(
    ("url_format", "wanted"),
    [
        ("notebooks/{notebook}", "notebooks/w1/n1.ipynb?"),
        ("/notebooks/{notebook}", "notebooks/w1/n1.ipynb?"),
        ("lab/tree/{notebook}", "lab/tree/w1/n1.ipynb?"),
        (
            "/edit/{notebook}?factory=Jupytext%20Notebook",
            "edit/w1/n1.ipynb?factory=Jupytext%20Notebook&",
        ),
        ("lab?path={notebook}", "lab?path=w1%2Fn1.ipynb&"),
        ("lab", "lab?"),
    ],
)
def test_a_course_chooses_its_front_end(url_format, wanted):
    assert url(url_format) == f"/{CAPABILITY}/{wanted}course=py&student=ada"


def test_names_are_quoted():
    found = url(notebook="w 1/a?b#c%d é.md")
    assert unquote(urlsplit(found).path) == f"/{CAPABILITY}/notebooks/w 1/a?b#c%d é.md"


@given(st.text(max_size=60), st.text(max_size=60))
def test_it_never_leaves_the_lab(before, after):
    found = url(before + "{notebook}" + after)
    assert found.startswith(f"/{CAPABILITY}/")
    where = urlsplit(urljoin("https://notebooks.example.org/notebookLazyCopy/py/n1/ada", found))
    assert (where.scheme, where.netloc) == ("https", "notebooks.example.org")
    assert unquote(where.path).startswith(f"/{CAPABILITY}/")
    assert not where.fragment
    assert parse_qs(where.query)["student"][-1] == "ada"
    assert found.isascii()
    assert found.isprintable()


@pytest.mark.parametrize(
    "url_format", ["../x", "a/../../x", "%2e%2e/x", "a/%2E./x", "./x", "..\\x", "//evil.example/x"]
)
def test_a_format_cannot_climb_out(url_format):
    where = urlsplit(urljoin("https://h/a/b/c", url(url_format)))
    assert where.netloc == "h"
    assert where.path.startswith(f"/{CAPABILITY}/")
    assert ".." not in unquote(where.path).split("/")


@pytest.mark.parametrize(
    ("url_format", "page"),
    [
        ("notebooks/{notebook}", "tree"),
        ("/notebooks/{notebook}", "tree"),
        ("lab/tree/{notebook}", "lab"),
        ("../../evil/{notebook}", "lab"),
    ],
)
def test_files_are_listed_where_the_course_shows_notebooks(url_format, page):
    given = {"capability": CAPABILITY, "course": "py", "student": "ada"}
    there = f"/{CAPABILITY}/{page}?course=py&student=ada"
    assert files_url(url_format=url_format, **given) == there

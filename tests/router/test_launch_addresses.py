"""The grammar of launch URLs (S1–S3, C1, S-41)."""

import os
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_router import address
from nbh_router.address import NoSuchAddress


def click(path, query=b""):
    return address.click(path.encode() if isinstance(path, str) else path, query)


@pytest.mark.parametrize(
    ("path", "notebook"),
    [
        ("/ipythonExercice/py/w1/n1/ada", "w1/n1"),
        ("/notebookLazyCopy/py/w1/n1/ada", "w1/n1"),
        ("/notebookLazyCopy/py/w1/n1/ada/", "w1/n1"),
        ("/notebookLazyCopy/py/w1/n1.ipynb/ada", "w1/n1"),
        ("/notebookLazyCopy/py/w1/n1.ipynb.ipynb/ada", "w1/n1"),
        ("/notebookLazyCopy/py/n1.md/ada", "n1.md"),
        ("/notebookLazyCopy/py/n1.py/ada", "n1.py"),
        ("/notebookLazyCopy/py/1.2-intro/ada", "1.2-intro"),
        ("/notebookLazyCopy/py/w%201/n%C3%A9/ada", "w 1/né"),
        ("/notebookLazyCopy/py/w1%2Fn1/ada", "w1/n1"),
        ("/notebookLazyCopy/py/100%2525/ada", "100%25"),
    ],
)
def test_a_notebook_is_named_in_many_ways(path, notebook):
    place = click(path).place
    assert (place.course, place.notebook, place.student) == ("py", notebook, "ada")
    assert place.workspace == "copy"


def test_a_clone_is_asked_for_by_its_own_path():
    assert click("/notebookGitRepo/py/README.md/ada").place.workspace == "git"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/notebookLazyCopy",
        "/notebookLazyCopy/",
        "/notebookLazyCopy/py",
        "/notebookLazyCopy/py/ada",
        "/notebookLazyCopy/py//ada",
        "/notebookLazyCopy//n1/ada",
        "/notebookLazyCopy/py/n1/ada//",
        "/elsewhere/py/n1/ada",
        "/NotebookLazyCopy/py/n1/ada",
        "/notebookLazyCopy/py/../n1/ada",
        "/notebookLazyCopy/py/%2e%2e/n1/ada",
        "/notebookLazyCopy/py/w1/%2e%2e%2fn1/ada",
        "/notebookLazyCopy/py/..%2f..%2fetc%2fpasswd/ada",
        "/notebookLazyCopy/py/%2Fetc%2Fpasswd/ada",
        "/notebookLazyCopy/py/n1%00/ada",
        "/notebookLazyCopy/py/n1%0a/ada",
        "/notebookLazyCopy/py/n%5C1/ada",
        "/notebookLazyCopy/py/%C0%AE%C0%AE/n1/ada",
        "/notebookLazyCopy/py/%ff/ada",
        "/notebookLazyCopy/py/.hidden/ada",
        "/notebookLazyCopy/py/-rf/ada",
        "/notebookLazyCopy/py/~root/ada",
        "/notebookLazyCopy/py/n1/..",
        "/notebookLazyCopy/py/n1/a%20b",
        "/notebookLazyCopy/p%20y/n1/ada",
        "/notebookLazyCopy/../n1/ada",
        "/notebookLazyCopy/py/.ipynb/ada",
        "/notebookLazyCopy/py/" + "x" * 5000 + "/ada",
        "/notebookLazyCopy/py/" + "x" * 256 + "/ada",
        "/notebookLazyCopy/py/n1/" + "x" * 129,
    ],
)
def test_what_no_course_notebook_or_student_can_be_called_is_no_address(path):
    with pytest.raises(NoSuchAddress):
        click(path)


@given(st.binary(max_size=5000))
def test_any_bytes_are_an_address_or_none(path):
    for given_path in (path, b"/notebookLazyCopy/py/" + path + b"/ada"):
        try:
            place = click(given_path).place
        except NoSuchAddress:
            continue
        # what passes stays inside whatever folder it is joined to
        assert os.path.normpath(place.notebook) == place.notebook
        assert not place.notebook.startswith(("/", "."))


@given(st.text(min_size=1, max_size=40))
def test_a_name_survives_the_way_into_a_url_and_back(name):
    try:
        found = click(f"/notebookLazyCopy/py/{quote(name, safe='')}/ada").place.notebook
    except (NoSuchAddress, UnicodeEncodeError):
        return
    again = click(f"/notebookLazyCopy/py/{quote(found, safe='')}/ada").place.notebook
    assert again == found


@pytest.mark.parametrize(
    ("query", "action", "rest"),
    [
        (b"", "open", ""),
        (b"forcecopy=true", "reset", ""),
        (b"forcecopy=", "reset", ""),
        (b"forcecopy", "reset", ""),
        (b"forcecopy=1&action=open&platform=x", "reset", "action=open&platform=x"),
        (b"lang=fr&forcecopy=1", "reset", "lang=fr&forcecopy=1"),
        (b"xforcecopy=1", "open", "xforcecopy=1"),
        (b"action=open", "open", "action=open"),
        (b"undo=true", "undo", ""),
        (b"undo=1&action=open&platform=x", "undo", "action=open&platform=x"),
        (b"lang=fr&undo", "undo", "lang=fr&undo"),
        (b"forcecopy=1&undo=1", "reset", "undo=1"),
    ],
)
@pytest.mark.parametrize("way", ["notebookLazyCopy", "notebookGitRepo"])
def test_what_changes_a_notebook_is_read_apart_from_what_is_signed(way, query, action, rest):
    found = click(f"/{way}/py/n1/ada", query)
    assert (found.action, found.query) == (action, rest)


@pytest.mark.parametrize(
    ("path", "capability"),
    [
        (b"/123/lab", "123"),
        (b"/123/", "123"),
        (b"/123", "123"),
        (b"/123x/", None),
        (b"/", None),
        (b"//1/", None),
        ("/\u0661/".encode(), None),
    ],
)
def test_digits_are_a_labs_address(path, capability):
    assert address.lab_in(path) == capability

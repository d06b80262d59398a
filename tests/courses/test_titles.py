"""Titles and versions of notebooks, in every format (G16)."""

import json

import jupytext
import pytest

from nbh_courses import titles
from nbh_courses.titles import Told

YAML = "nbhosting:\n  title: Une leçon\n  version: '2.1'\n"
KERNEL = "kernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n"
SECTION = "jupyter:\n" + "".join(f"  {line}\n" for line in (KERNEL + YAML).splitlines())


def says(name: str) -> str:
    return f"  jupytext:\n    text_representation:\n      format_name: {name}\n"


def commented(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


def myst(header: str) -> str:
    return f"---\n{header}---\n\n# A lesson\n\n```{{code-cell}}\n1 + 1\n```\n"


MYST_SAYS = "jupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"

FORMATS = {
    "ipynb": (".ipynb", json.dumps(jupytext.reads(myst(MYST_SAYS + KERNEL + YAML), ".md"))),
    "MyST that says so": (".md", myst(MYST_SAYS + KERNEL + YAML)),
    "MyST that does not say so": (".md", myst(KERNEL + YAML)),
    "MyST with a Jupyter section": (".md", myst(SECTION + "title: A page\n")),
    "MyST with both": (".md", myst(SECTION.replace("leçon", "autre") + YAML)),
    "markdown": (".md", f"---\n{SECTION}---\n\n# A lesson\n\n```python\n1 + 1\n```\n"),
    "percent": (".py", commented(f"---\n{SECTION}---") + "\n# %%\n1 + 1\n"),
    "light": (".py", commented(f"---\n{SECTION}---") + "\n1 + 1\n\n2 + 2\n"),
    "hydrogen": (".py", commented(f"---\n{SECTION}{says('hydrogen')}---") + "\n# %%\n%pwd\n"),
    "sphinx": (".py", commented(f"---\n{SECTION}{says('sphinx')}---") + '"""text"""\n1\n'),
    "light, to be executed": (
        ".py",
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n" + commented(f"---\n{SECTION}---"),
    ),
}

UNTITLED = {
    "no header": (".md", "# A lesson\n"),
    "no header, python": (".py", "x = 1\n"),
    "empty": (".md", ""),
    "markdown with front matter that is no notebook's": (".md", f"---\n{YAML}---\n# A page\n"),
    "a rule": (".md", "---\nnbhosting: here is a text\n"),
    "in the text, not in the header": (".md", f"---\ntitle: x\n---\n\n{YAML}"),
    "a filter takes it away": (
        ".md",
        myst(MYST_SAYS + "  root_level_metadata_filter: -nbhosting\n" + YAML),
    ),
}


def whole(suffix: str, text: str) -> Told:
    return titles._told(jupytext.reads(text, suffix).metadata)


@pytest.mark.parametrize(("suffix", "text"), FORMATS.values(), ids=FORMATS)
def test_title_and_version_are_found_in_every_format(suffix, text):
    assert titles.told(text.encode(), suffix) == Told("Une leçon", "2.1") == whole(suffix, text)


@pytest.mark.parametrize(("suffix", "text"), UNTITLED.values(), ids=UNTITLED)
def test_a_header_is_understood_as_jupytext_understands_the_whole_file(suffix, text):
    assert titles.told(text.encode(), suffix) == Told("", "") == whole(suffix, text)


def metadata(**given) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": given, "cells": []}).encode()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"notebookname": "Old", "version": "1.0"}, Told("Old", "1.0")),
        ({"notebookname": "Old", "nbhosting": {"title": "New"}}, Told("New", "")),
        ({"notebookname": "Old", "nbhosting": {"title": ""}}, Told("Old", "")),
        ({"nbhosting": {"version": 2}, "version": "1"}, Told("", "2")),
        ({"nbhosting": "text", "notebookname": ["x"], "version": True}, Told("", "")),
        (
            {"nbhosting": {"title": "a\n b\t\x1b[31m"}},
            Told("a b \N{REPLACEMENT CHARACTER}[31m", ""),
        ),
    ],
)
def test_newer_keys_stand_over_older_ones_and_what_is_empty_is_missing(given, told):
    assert titles.told(metadata(**given), ".ipynb") == told


def test_an_output_that_is_no_number_does_not_hide_the_title():
    text = b'{"nbformat": 4, "metadata": {"notebookname": "x"}, "cells": [], "more": NaN}'
    assert titles.told(text.replace(b'"more"', b'"nbformat_minor": 5, "more"'), ".ipynb").title


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".ipynb", b"{}"),
        (".ipynb", b"[]"),
        (".ipynb", b"no JSON"),
        (".ipynb", b'{"nbformat": 4, "metadata": {}}'),
        (".ipynb", b'{"nbformat": 4, "metadata": {}, "cells": [1]}'),
        (".md", b"\xe9"),
        (".md", b"---\njupyter:\n  a: [\n---\n"),
        (".py", b"# -*- coding: latin-1 -*-\n"),
    ],
)
def test_what_is_no_notebook_is_not_taken_for_one(suffix, text):
    with pytest.raises(Exception, match=r".+"):
        titles.told(text, suffix)


def test_marks_of_a_merge_are_found_by_their_line():
    text = b'{"nbformat": 4,\n<<<<<<< HEAD\n "metadata": {}}'
    with pytest.raises(ValueError, match="line 2 is no JSON: Expecting property name"):
        titles.told(text, ".ipynb")

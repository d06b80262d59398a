"""Title and version of a notebook, from its text (G16, G17). Runs in `nbh_courses.parser` only.

Text formats are read by their headers: jupytext's own way to find out what a file is, a hundred
times quicker than reading it. Where a header leaves that open, the whole file is read.
"""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jupytext
import msgspec
from jupytext import formats

_AT_ROOT = re.compile(r"""^["']?(nbhosting|notebookname|version)["']?\s*:""", re.MULTILINE)
_SECTION = re.compile(r"^jupyter\s*:", re.MULTILINE)
_END = re.compile(r"^(?:---|\.\.\.)\s*$", re.MULTILINE)
_LONGEST = 300
_WITH_CELLS = 4


class Told(NamedTuple):
    """What a notebook says of itself; empty where it says nothing."""

    title: str
    version: str


class _Cell(msgspec.Struct):
    cell_type: str


class _Ipynb(msgspec.Struct):
    """As much of nbformat as is asked for: decoding skips the rest without making anything."""

    nbformat: int
    metadata: dict[str, Any]
    cells: list[_Cell] | msgspec.UnsetType = msgspec.UNSET


_ipynb = msgspec.json.Decoder(_Ipynb)


def told(text: bytes, suffix: str) -> Told:
    """What a notebook says of itself.

    Raises:
        Exception: whatever its reader raises for a file that is no notebook.
    """
    return _told(metadata(text, suffix))


def _told(metadata: Mapping[str, Any]) -> Told:
    ours = metadata.get("nbhosting")
    ours = ours if isinstance(ours, Mapping) else {}
    return Told(
        _text(ours.get("title")) or _text(metadata.get("notebookname")),
        _text(ours.get("version")) or _text(metadata.get("version")),
    )


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    words = " ".join(str(value).split())[:_LONGEST]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)


def metadata(text: bytes, suffix: str) -> Mapping[str, Any]:
    """A notebook's metadata, as far as titles and versions go."""
    if suffix == ".ipynb":
        return _of_ipynb(text)
    return _of_text(text.decode(), suffix)


def _of_ipynb(text: bytes) -> Mapping[str, Any]:
    try:
        notebook = _ipynb.decode(text)
    except msgspec.ValidationError as e:
        raise ValueError(f"it is no notebook: {e}") from e
    except msgspec.DecodeError:  # such as NaN in an output, which Python's json takes
        _check_json(text)
        return _whole(text.decode(), ".ipynb")
    if notebook.cells is msgspec.UNSET and notebook.nbformat >= _WITH_CELLS:
        raise ValueError("it is no notebook: it has no cells")
    return notebook.metadata


def _check_json(text: bytes) -> None:
    """Say where it is none: most often a merge has left its marks in it.

    Raises:
        ValueError: it is none.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as e:
        raise ValueError(f"line {e.lineno} is no JSON: {e.msg}") from e


def _of_text(text: str, suffix: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = formats.read_metadata(text, suffix)
    if suffix == ".md" and _is_in_doubt(text, found):
        return _whole(text, suffix)
    return found


def _is_in_doubt(text: str, found: Mapping[str, Any]) -> bool:
    """Whether a header says something outside its Jupyter section: that counts in MyST only, and a
    file may be MyST without saying so.
    """
    if not text.startswith("---"):
        return False
    end = _END.search(text, 3)
    said = {key[1] for key in _AT_ROOT.finditer(text, 0, end.start() if end else len(text))}
    return bool(said) and (
        not said <= found.keys()
        or _SECTION.search(text, 0, end.start() if end else len(text)) is not None
        or "root_level_metadata_filter" in text
    )


def _whole(text: str, suffix: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = jupytext.reads(text, suffix).metadata
    return read


def warm_up() -> None:
    """Load what the libraries load when they first need it: codecs, a schema for each version of
    nbformat. Afterwards nothing is opened, and a child begins with all of it.
    """
    for text, suffix in _samples():
        with contextlib.suppress(Exception):  # some are no notebooks, on purpose
            told(text.encode(), suffix)


def _samples() -> Iterator[tuple[str, str]]:
    header = '---\nversion: 1\nmore: "\\x41"\n---\n'
    yield f"{header}\n# A\n\n```{{code-cell}}\n1\n```\n", ".md"
    yield f"{header}\n# A\n\n```python\n1\n```\n", ".md"
    yield "# ---\n# jupyter:\n#   version: 1\n# more: 1\n# ---\n\n# %%\n1\n", ".py"
    yield "---\njupyter: [\n---\n", ".md"
    versions = [*((4, minor) for minor in range(10)), *((major, 0) for major in range(1, 4))]
    for major, minor in versions:
        # what is no number is what has the whole file read
        more = '"metadata": {"name": "", "x": NaN}, "cells": [], "worksheets": []'
        yield f'{{"nbformat": {major}, "nbformat_minor": {minor}, {more}}}', ".ipynb"

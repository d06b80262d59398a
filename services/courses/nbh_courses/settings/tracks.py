"""Tracks as a course declares them: sections of patterns (G12). Pure.

What is wrong is told and left out: an entry of a list, not the list.
"""

from typing import NamedTuple

from nbh_courses.settings import ids
from nbh_courses.settings.given import Given, Wrong, not_known
from nbh_proto import Problem

_TRACK = {"name", "id", "description", "sections"}
_SECTION = {"name", "notebooks"}


class PatternWanted(NamedTuple):
    """One pattern of notebooks, and where it is declared."""

    text: str
    given: Given


class SectionWanted(NamedTuple):
    """A section, not yet looked for in the repository."""

    name: str
    patterns: tuple[PatternWanted, ...]
    given: Given


class TrackWanted(NamedTuple):
    """A track, not yet looked for in the repository."""

    id: str
    name: str
    description: str
    sections: tuple[SectionWanted, ...]
    given: Given


def track(entry: Given, problems: list[Problem]) -> TrackWanted:
    """One entry of ``tracks``; what is wrong in its sections is added to the problems.

    Raises:
        Wrong: it is none.
    """
    keys = entry.mapping()
    name, id_ = ids.name_and_id(entry)
    problems += unknown(entry, _TRACK)
    description = keys["description"].text() if _is_said(keys, "description") else ""
    if "sections" not in keys:
        raise entry.wrong("sections is missing")
    sections = []
    for section in keys["sections"].entries():
        try:
            sections.append(_section(section, problems))
        except Wrong as e:
            problems.append(e.problem)
    return TrackWanted(id_, name, description, tuple(sections), entry)


def _section(entry: Given, problems: list[Problem]) -> SectionWanted:
    keys = entry.mapping()
    problems += unknown(entry, _SECTION)
    if "notebooks" not in keys:
        raise entry.wrong("notebooks is missing")
    name = keys["name"].text().strip() if _is_said(keys, "name") else ""
    patterns = []
    for pattern in keys["notebooks"].entries():
        try:
            patterns.append(PatternWanted(_path(pattern), pattern))
        except Wrong as e:
            problems.append(e.problem)
    return SectionWanted(name, tuple(patterns), entry)


def _path(pattern: Given) -> str:
    text = pattern.text().removeprefix("./")
    if not text or text.startswith("/") or ".." in text.split("/"):
        raise pattern.wrong(f"{text!r:.80} is no path in the course")
    return text


def unknown(entry: Given, known: set[str]) -> list[Problem]:
    """The keys of a mapping that mean nothing here; they do no harm."""
    return [
        given.problem(not_known(key, known), "warning")
        for key, given in entry.mapping().items()
        if key not in known
    ]


def _is_said(keys: dict[str, Given], key: str) -> bool:
    return key in keys and keys[key].value is not None

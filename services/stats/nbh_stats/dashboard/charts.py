"""Which charts there are on which page, and how each is drawn. Pure."""

from typing import Literal, NamedTuple

Kind = Literal[
    "by-day",
    "histogram",
    "map",
    "notebooks",
    "funnel",
    "students",
    "hours",
    "cohorts",
    "pace",
    "pace-by-day",
    "reasons",
    "usage",
    "labs",
    "load",
    "memory",
    "disks",
]
"""A drawing of that name is in ``static/drawings.js``."""


class Chart(NamedTuple):
    """A number, drawn."""

    id: str
    number: str
    kind: Kind
    wide: bool = False
    """Whether it has a row of the page for itself."""

    is_plot: bool = False
    """Whether plotly draws it, rather than a table that has bars or colours in its cells."""


class Group(NamedTuple):
    """What answers one question; the words have it under the name."""

    name: str
    charts: tuple[Chart, ...]


def _chart(number: str, kind: Kind, *, wide: bool = False, is_plot: bool = False) -> Chart:
    return Chart(number, number, kind, wide, is_plot)


COURSE = (
    Group(
        "who",
        (
            _chart("students-by-day", "by-day", wide=True, is_plot=True),
            _chart("return-visits", "cohorts"),
            _chart("hours", "hours"),
            _chart("students", "students"),
            _chart("notebooks-per-student", "histogram", is_plot=True),
        ),
    ),
    Group(
        "what",
        (
            _chart("notebooks", "notebooks", wide=True),
            _chart("notebooks-by-day", "by-day", wide=True, is_plot=True),
            _chart("map", "map", wide=True, is_plot=True),
            _chart("resets", "reasons"),
            _chart("shares", "reasons"),
        ),
    ),
    Group("where", (_chart("funnel", "funnel", wide=True),)),
    Group(
        "holds",
        (
            _chart("starts", "pace"),
            _chart("starts-by-day", "pace-by-day", is_plot=True),
            _chart("failures", "reasons"),
            _chart("stops", "reasons"),
            _chart("thaws", "pace"),
            _chart("usage", "usage"),
            _chart("labs", "labs", wide=True, is_plot=True),
        ),
    ),
)
"""The page of a course."""

NODE = (
    Group(
        "machine",
        (
            Chart("load", "machine", "load", wide=True, is_plot=True),
            Chart("memory", "machine", "memory", wide=True, is_plot=True),
            Chart("disks", "machine", "disks", wide=True, is_plot=True),
            Chart("node-labs", "labs", "labs", wide=True, is_plot=True),
        ),
    ),
)

SITE = (Group("machines", (Chart("usage-by-course", "usage", "usage", wide=True),)),)
"""What stands below the list of courses, for staff."""

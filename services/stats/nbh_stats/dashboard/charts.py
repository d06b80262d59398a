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


Width = Literal["whole", "half", "third"]


class Chart(NamedTuple):
    """A number, drawn."""

    id: str
    number: str
    kind: Kind
    width: Width = "half"
    """How much of a row of the page it takes, where the page is wide."""

    is_plot: bool = False
    """Whether plotly draws it, rather than a table that has bars or colours in its cells."""


class Group(NamedTuple):
    """What answers one question; the words have it under the name."""

    name: str
    charts: tuple[Chart, ...]


def _chart(number: str, kind: Kind, width: Width = "half", *, is_plot: bool = False) -> Chart:
    return Chart(number, number, kind, width, is_plot)


COURSE = (
    Group(
        "who",
        (
            _chart("students-by-day", "by-day", "whole", is_plot=True),
            _chart("return-visits", "cohorts"),
            _chart("hours", "hours"),
            _chart("students", "students"),
            _chart("notebooks-per-student", "histogram", is_plot=True),
        ),
    ),
    Group(
        "what",
        (
            _chart("notebooks", "notebooks", "whole"),
            _chart("notebooks-by-day", "by-day", "whole", is_plot=True),
            _chart("map", "map", "whole", is_plot=True),
            _chart("resets", "reasons"),
            _chart("shares", "reasons"),
        ),
    ),
    Group("where", (_chart("funnel", "funnel", "whole"),)),
    Group(
        "holds",
        (
            _chart("starts", "pace"),
            _chart("starts-by-day", "pace-by-day", is_plot=True),
            _chart("failures", "reasons", "third"),
            _chart("stops", "reasons", "third"),
            _chart("thaws", "pace", "third"),
            _chart("usage", "usage", "whole"),
            _chart("labs", "labs", "whole", is_plot=True),
        ),
    ),
)
"""The page of a course."""

NODE = (
    Group(
        "machine",
        (
            Chart("load", "machine", "load", "whole", is_plot=True),
            Chart("memory", "machine", "memory", "whole", is_plot=True),
            Chart("disks", "machine", "disks", "whole", is_plot=True),
            Chart("node-labs", "labs", "labs", "whole", is_plot=True),
        ),
    ),
)

SITE = (Group("machines", (Chart("usage-by-course", "usage", "usage", "whole"),)),)
"""What stands below the list of courses, for staff."""

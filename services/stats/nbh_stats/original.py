"""The three documents of nbhosting 0.59 in their shapes (T13). Pure.

They are made of the same numbers as everything else; their times are UTC, as they were.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from nbh_stats.asked import Asked

Table = Mapping[str, Sequence[Any]]
"""A number as JSON has it: lists by the names of its columns."""

ALL_OF_IT = Asked(limit=2**32 - 1, step=round(timedelta(hours=6).total_seconds()))
"""How the numbers are asked for: the original knew no range, and drew a frame for six hours."""

COUNTED = ALL_OF_IT._replace(step=round(timedelta(minutes=5).total_seconds()))
"""How the samples are asked for."""

DAILY_METRICS = ("students-by-day", "notebooks-by-day", "growth")
MONITOR_COUNTS = ("counts",)
MATERIAL_USAGE = ("notebooks", "notebooks-over-time", "notebooks-per-student", "map")
"""The numbers that each is made of, in the order in which its function takes them."""


def daily_metrics(students: Table, notebooks: Table, growth: Table) -> dict[str, Any]:
    """Who came and what was opened on each day on which anything was, and how both grew."""
    days = [n for n, seen in enumerate(students["students"]) if seen]
    return {
        "daily": {
            "timestamps": [f"{students['day'][n]} 23:59:59" for n in days],
            "unique_students": [students["students"][n] for n in days],
            "unique_notebooks": [notebooks["notebooks"][n] for n in days],
            "new_students": [students["new"][n] for n in days],
            "new_notebooks": [notebooks["new"][n] for n in days],
        },
        "events": {
            "timestamps": [_second(at) for at in growth["at"]],
            "total_students": growth["students"],
            "total_notebooks": growth["notebooks"],
        },
    }


def monitor_counts(counts: Table) -> dict[str, Any]:
    """What was sampled, each of it under its name and an ``s``."""
    plural = {f"{name}s": values for name, values in counts.items() if name != "at"}
    return {"timestamps": [_second(at) for at in counts["at"]], **plural}


def material_usage(
    notebooks: Table, growing: Table, per_student: Table, cells: Table
) -> dict[str, Any]:
    """Who opened what."""
    by_notebook = _pairs(notebooks, "notebook", "students")
    return {
        "nbnotebooks": len(by_notebook),
        "nbstudents": sum(per_student["students"]),
        "nbstudents_per_notebook": by_notebook,
        "nbstudents_per_notebook_animated": _frames(growing),
        "nbstudents_per_nbnotebooks": _pairs(per_student, "notebooks", "students"),
        "heatmap": _heatmap(notebooks["notebook"], cells),
    }


def _frames(growing: Table) -> dict[str, list[tuple[str, int]]]:
    """A frame for each step in which anything changed, under its end: all notebooks so far."""
    so_far: dict[str, int] = {}
    frames = {}
    rows = zip(growing["until"], growing["notebook"], growing["students"], strict=True)
    for until, changed in groupby(rows, key=lambda row: row[0]):
        so_far |= {notebook: students for _, notebook, students in changed}
        frames[_second(until)] = sorted(so_far.items())
    return frames


def _heatmap(notebooks: Sequence[str], cells: Table) -> dict[str, Any]:
    """Rows and their labels in one order (T10): who opened least comes first, as it did."""
    column = {notebook: n for n, notebook in enumerate(notebooks)}
    rows: dict[str, list[int | None]] = {}
    for student, notebook, opens in zip(
        cells["student"], cells["notebook"], cells["opens"], strict=True
    ):
        row = rows.setdefault(student, [None] * len(notebooks))
        row[column[notebook]] = opens
    students = list(reversed(rows))
    return {
        "x": list(notebooks),
        "y": students,
        "z": [rows[student] for student in students],
        "zmin": min(cells["opens"], default=0),
        "zmax": max(cells["opens"], default=0),
    }


def _pairs(table: Table, first: str, second: str) -> list[tuple[Any, Any]]:
    return list(zip(table[first], table[second], strict=True))


def _second(instant: str) -> str:
    """As the original wrote instants: to the second, without a zone."""
    return instant[:19]

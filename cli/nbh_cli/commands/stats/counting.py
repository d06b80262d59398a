"""`nbh stats summary`, `students`, `notebooks`, `export`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from nbh_cli import operating, output
from nbh_cli.commands.stats import asking
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry

Course = Annotated[str, Parameter(help="The name of the course.")]
From = Annotated[
    str, Parameter(name="--from", help="A day, 2026-01-31, or an instant with its zone.")
]
To = Annotated[str, Parameter(name="--to", help="The same; a day is meant to its end.")]
Zone = Annotated[str, Parameter(name="--tz", help="A time zone, Europe/Paris.")]
Everyone = Annotated[bool, Parameter(negative="", help="Staff and test ids too.")]
Limit = Annotated[int, Parameter(help="How many students.")]


def summary(
    course: Annotated[str, Parameter(help="Only this one.")] = "",
    /,
    *,
    since: From = "",
    until: To = "",
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """All courses, or one, on a line each."""
    path = ("courses", course, "summary") if course else ("courses",)
    _show(path, config, json, _query(since, until))


def students(
    course: Course,
    /,
    *,
    since: From = "",
    until: To = "",
    everyone: Everyone = False,
    limit: Limit = 200,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Who opened most in a course."""
    query = _query(since, until, everyone=everyone) | {"limit": str(limit)}
    _show(("courses", course, "students"), config, json, query)


def notebooks(
    course: Course,
    /,
    *,
    since: From = "",
    until: To = "",
    everyone: Everyone = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """How many students opened each notebook of a course."""
    query = _query(since, until, everyone=everyone)
    _show(("courses", course, "notebooks"), config, json, query)


def export(
    number: Annotated[str, Parameter(help="Its name, such as notebooks or return-visits.")],
    /,
    *,
    course: Annotated[str, Parameter(help="Of this course.")] = "",
    node: Annotated[str, Parameter(help="Of this machine.")] = "",
    since: From = "",
    until: To = "",
    tz: Zone = "",
    everyone: Everyone = False,
    limit: Limit = 10_000,
    format_: Annotated[
        Literal["csv", "json", "parquet"], Parameter(name="--format", help="As what.")
    ] = "csv",
    output_: Annotated[Path | None, Parameter(name="--output", help="Else to stdout.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Any NUMBER of docs/statistics.md: of a course, of a machine, or of all courses."""
    if course and node:
        raise Sorry("a number is of a course or of a machine", 2)
    about = ("courses", course) if course else ("nodes", node) if node else ()
    query = _query(since, until, tz=tz, everyone=everyone) | {"limit": str(limit)}
    content = asking.content(operating.load(config), (*about, number), format_, query)
    if output_ is None:
        sys.stdout.buffer.write(content)
    else:
        output_.write_bytes(content)


def _query(since: str, until: str, *, tz: str = "", everyone: bool = False) -> dict[str, str]:
    given = {"from": since, "to": until, "tz": tz, "everyone": "true" if everyone else ""}
    return {name: value for name, value in given.items() if value}


def _show(path: tuple[str, ...], file: ConfigFile, as_json: bool, query: dict[str, str]) -> None:
    table = asking.table(operating.load(file), path, query)
    output.show(table.rows, table.names, as_json=as_json, none="Nothing happened.")

"""The Django database of nbhosting 0.59, ``<root>/db.sqlite3``: courses and people (G1, A1)."""

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

_NONE = "none"
"""What it wrote where a course had no URL or no image."""


class Unreadable(Exception):
    """The database cannot be read; says why."""


class Row(NamedTuple):
    """A course, as it was registered."""

    name: str
    giturl: str
    """Empty if there is none."""

    image: str
    """Empty if there is none."""

    autopull: bool
    archived: bool
    autobuild: bool
    staff: tuple[str, ...]
    """Ids, and ``@group``."""

    groups: tuple[str, ...]


class Person(NamedTuple):
    """Somebody who had an account."""

    name: str
    is_staff: bool


class Database(NamedTuple):
    """All that is taken from it."""

    courses: tuple[Row, ...] = ()
    people: tuple[Person, ...] = ()
    members: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """Those of each group."""


def read(file: Path) -> Database:
    """Read it, as it stands; the old system may be running.

    Raises:
        Unreadable: it is no such database, or is damaged.
    """
    try:
        with contextlib.closing(_opened(file)) as connection:
            return _read(connection)
    except (sqlite3.Error, UnicodeError) as e:
        raise Unreadable(str(e)) from e


def _opened(file: Path) -> sqlite3.Connection:
    uri = file.absolute().as_uri()
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True)
    connection.row_factory = _as_dict
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:  # on a disk that is mounted read-only nothing can be locked
        connection.close()
        connection = sqlite3.connect(f"{uri}?immutable=1", uri=True)
        connection.row_factory = _as_dict
    return connection


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return {about[0]: value for about, value in zip(cursor.description, row, strict=True)}


def _read(connection: sqlite3.Connection) -> Database:
    groups = {row["id"]: str(row["name"]) for row in _all(connection, "auth_group")}
    people = {row["id"]: row for row in _all(connection, "auth_user")}
    members: defaultdict[str, list[str]] = defaultdict(list)
    for row in _all(connection, "auth_user_groups"):
        if row["group_id"] in groups and row["user_id"] in people:
            members[groups[row["group_id"]]].append(str(people[row["user_id"]]["username"]))
    registered: defaultdict[int, list[str]] = defaultdict(list)
    for row in _all(connection, "courses_coursedir_registered_groups"):
        if row["group_id"] in groups:
            registered[row["coursedir_id"]].append(groups[row["group_id"]])
    rows = (_row(row, registered[row["id"]]) for row in _all(connection, "courses_coursedir"))
    return Database(
        courses=tuple(sorted(rows)),
        people=tuple(
            Person(str(p["username"]), bool(p["is_staff"] or p["is_superuser"]))
            for p in people.values()
        ),
        members={group: tuple(sorted(names)) for group, names in members.items()},
    )


_TABLES = {
    "auth_group": "SELECT * FROM auth_group",
    "auth_user": "SELECT * FROM auth_user",
    "auth_user_groups": "SELECT * FROM auth_user_groups",
    "courses_coursedir": "SELECT * FROM courses_coursedir",
    "courses_coursedir_registered_groups": "SELECT * FROM courses_coursedir_registered_groups",
}


def _all(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table; none if an older release did not have it."""
    known = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    if table in {row["name"] for row in known}:
        yield from connection.execute(_TABLES[table])


def _row(row: dict[str, Any], groups: list[str]) -> Row:
    # columns came with migrations
    return Row(
        name=str(row["coursename"]),
        giturl=_text(row.get("giturl")),
        image=_text(row.get("image")),
        autopull=bool(row.get("autopull")),
        archived=bool(row.get("archived")),
        autobuild=bool(row.get("autobuild")),
        staff=tuple(dict.fromkeys(str(row.get("staff_usernames") or "").split())),
        groups=tuple(sorted(groups)),
    )


def _text(value: object) -> str:
    text = str(value or "").strip()
    return "" if text == _NONE else text

"""JSON, CSV and Parquet say the same of every number (E-9)."""

import csv
import io
from datetime import UTC, date, datetime

import pyarrow.parquet
import pytest

from nbh_stats import numbers
from tests.stats import small_course
from tests.stats.test_migrations import told

PATHS = {"course": "courses/py/{}", "node": "nodes/n1/{}", "site": "{}"}


@pytest.fixture
async def world(door):
    return await small_course.told(door)


@pytest.mark.parametrize("number", numbers.ALL, ids=lambda n: f"{n.about}-{n.name}")
async def test_three_formats_say_the_same(world, number):
    await world.say(*told())
    path = PATHS[number.about].format(number.name)
    rows = await world.table(path)
    expected = [tuple(_read(c.type, row[c.name]) for c in number.columns) for row in rows]
    assert expected or number.name in ("resets", "shares")

    table = pyarrow.parquet.read_table(io.BytesIO((await world.ask(f"{path}.parquet")).content))
    assert table.column_names == [c.name for c in number.columns]
    parquet = [tuple(_same(value) for value in row.values()) for row in table.to_pylist()]
    assert parquet == expected

    head, *lines = csv.reader(io.StringIO((await world.ask(f"{path}.csv")).text))
    assert head == [c.name for c in number.columns]
    types = [c.type for c in number.columns]
    assert [tuple(map(_parsed, types, line)) for line in lines] == expected


def _read(type_, value):
    match type_:
        case "instant":
            return None if value is None else datetime.fromisoformat(value)
        case "day":
            return date.fromisoformat(value)
    return value


def _same(value):
    match value:
        case bytes():
            return value.decode()
        case datetime():
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return value


def _parsed(type_, text):
    if text == "" and type_ != "text":
        return None
    match type_:
        case "count" | "real":
            return float(text)
    return _read(type_, text)


async def test_a_spreadsheet_takes_no_name_for_a_formula(world):
    click = told()[0]
    given = {"access": "a", "course": "py", "student": "ada", "way": "pool", "seconds": 0.5}
    for name in ("=1+1", "+1", "-1", "@x", "fine"):
        await world.say(type(click)(**given, notebook=f"{name}.md"))
    lines = (await world.ask("courses/py/resets.csv")).text.splitlines()
    assert lines == ['"notebook","resets","students"']
    found = csv.reader(io.StringIO((await world.ask("courses/py/notebooks.csv")).text))
    names = {line[0] for line in found}
    assert {"'=1+1", "'+1", "'-1", "'@x", "fine"} <= names

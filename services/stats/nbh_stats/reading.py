"""Asks ClickHouse for a number, in a format that goes out as it comes."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client

from nbh_stats import summing
from nbh_stats.asked import Asked
from nbh_stats.clickhouse import Door
from nbh_stats.numbers import Column, Number

Format = Literal["json", "csv", "parquet"]

_FORMATS: Mapping[Format, str] = {
    "json": "JSONCompactColumns",
    "csv": "CSVWithNames",
    "parquet": "Parquet",
}


class Place(NamedTuple):
    """What a question is about, beside what was asked; see `PARAMETERS`."""

    course: str = ""
    node: str = ""
    left_out: Sequence[int] = ()
    staff: Sequence[int] = ()
    staff_of: Sequence[str] = ()
    any_course: bool = False
    courses: Sequence[str] = ()
    track: Sequence[str] = ()
    """Its notebooks in order, without suffixes; their sections and titles are in the next two."""

    sections: Sequence[str] = ()
    titles: Sequence[str] = ()


async def read(door: Door, number: Number, place: Place, asked: Asked, format_: Format) -> bytes:
    """The number's columns, in their order.

    Raises:
        clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
    """
    statement = _for_spreadsheets(number) if format_ == "csv" else number.statement
    given = _parameters(number, place, asked)

    def ask(client: Client) -> bytes:
        return client.raw_query(statement, parameters=given, fmt=_FORMATS[format_])

    return await door.use(ask)


async def lines(door: Door, statement: str, given: Mapping[str, Any]) -> bytes:
    """Rows as JSON objects, one a line.

    Raises:
        clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
    """

    def ask(client: Client) -> bytes:
        return client.raw_query(statement, parameters=dict(given), fmt="JSONEachRow")

    return await door.use(ask)


def envelope(number: Number, about: Mapping[str, object], columns: bytes) -> bytes:
    """The JSON that goes out: what it is, and the columns as ClickHouse wrote them."""
    head = {"number": number.name, **about, "columns": list(map(_described, number.columns))}
    # of no rows ClickHouse writes no columns either
    empty = not columns.strip(b"[] \n\t")
    data = [[] for _ in number.columns] if empty else msgspec.Raw(columns.strip())
    return msgspec.json.encode({**head, "data": data})


def _described(column: Column) -> dict[str, str]:
    return {"name": column.name, "type": column.type, "unit": column.unit}


def _for_spreadsheets(number: Number) -> str:
    """A text that a spreadsheet would take for a formula has an apostrophe before it."""
    cells = (
        f"if(match({c.name}, '^[=+@\\\\-\\t\\r]'), concat('\\'', {c.name}), {c.name}) AS {c.name}"
        if c.type == "text"
        else c.name
        for c in number.columns
    )
    return f"SELECT {', '.join(cells)} FROM ({number.statement})"


def _parameters(number: Number, place: Place, asked: Asked) -> dict[str, Any]:
    everything = {
        **{k: list(v) if isinstance(v, tuple) else v for k, v in place._asdict().items()},
        "since": asked.since,
        "until": asked.until,
        **_whole(number, asked),
        "zone": asked.zone,
        "step": asked.step,
        "limit": asked.limit,
    }
    return {name: everything[name] for name in number.parameters}


def _whole(number: Number, asked: Asked) -> dict[str, Any]:
    """Where each sum that its SQL reads begins and ends: nowhere, if a step cuts it up."""
    wanted = number.parameters
    step = asked.step if "step" in number.options and asked.step else 0
    found: dict[str, Any] = {}
    for name, span in summing.SPANS.items():
        if f"{name}_from" in wanted:
            whole = span.whole(asked.since, asked.until, step)
            found |= {f"{name}_from": whole.begin, f"{name}_to": whole.end}
            first, end = map(span.number, whole)
            found |= {f"{name}_first": first, f"{name}_end": end}
    return found

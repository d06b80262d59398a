"""What a command prints: a table for people, JSON for programs."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

Row = Mapping[str, object]


def show(rows: Iterable[Row], columns: Sequence[str], *, as_json: bool, none: str) -> None:
    """Print rows under their columns, or one JSON object a line; ``none`` if there are none."""
    if as_json:
        for row in rows:
            print_json(row)
        return
    cells = [[text(row.get(column)) for column in columns] for row in rows]
    if cells:
        _print_table(columns, cells)
    else:
        print(none)


def print_json(value: object) -> None:
    """One value on a line of its own."""
    print(msgspec.json.encode(value).decode())


def text(value: object) -> str:
    """A value as a person reads it: instants without their fractions, nothing as nothing."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone().isoformat(" ", "seconds")
        case dict():
            return " ".join(f"{k}={text(v)}" for k, v in value.items() if v not in ("", None))
        case _:
            return str(value)


def _print_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # a pipe has no width: nothing is cut or folded there
    console = Console() if sys.stdout.isatty() else Console(width=10_000)
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in cells:
        # Text, since a student's notebook may be called [red]
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)

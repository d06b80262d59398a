"""What a command prints: a table for people, JSON for programs."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

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
            # a student names files: nothing in a name may move the cursor or change colours
            return "".join(
                c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)
            )


def _print_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    # Not rich's table: importing it takes a fifth of the time of `nbh lab list`.
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    header, *lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (columns, *cells)
    )
    print(f"\x1b[1m{header}\x1b[0m" if sys.stdout.isatty() else header)
    for line in lines:
        print(line)

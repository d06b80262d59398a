"""What a command prints: a table for people, JSON for programs."""

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

_ENOUGH = 40
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


def show_fitting(
    rows: Iterable[Row], columns: Sequence[str], dropped: Sequence[str], *, none: str
) -> None:
    """Print rows as `show` does; on a terminal as many columns of them as fit its width.

    ``dropped`` are the columns that a narrow one goes without, first to last. A column in which
    nothing stands is not shown.
    """
    table = [{column: text(row.get(column)) for column in columns} for row in rows]
    if not table:
        print(none)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    shown = fitting(table, columns, dropped, width)
    cells = [[row[column] for column in shown] for row in table]
    _print_table(shown, [_cut(line, shown, cells, width) for line in cells])


def fitting(
    table: Sequence[Mapping[str, str]],
    columns: Sequence[str],
    dropped: Sequence[str],
    width: int | None,
) -> list[str]:
    """The columns of a table that fit so many characters; None for any number. Pure."""
    shown = [c for c in columns if any(row[c] for row in table)]
    for drop in dropped:
        widths = [max(len(c), *(len(row[c]) for row in table)) for c in shown]
        widths[-1] = min(widths[-1], _ENOUGH)  # the last one is cut where the terminal ends
        if width is None or sum(widths) + 2 * (len(shown) - 1) <= width:
            break
        shown = [c for c in shown if c != drop]
    return shown


def _cut(
    line: Sequence[str], shown: Sequence[str], cells: Sequence[Sequence[str]], width: int | None
) -> list[str]:
    """A line whose last cell ends where the terminal does."""
    if width is None:
        return list(line)
    widths = [max(map(len, column)) for column in zip(shown, *cells, strict=True)]
    room = max(width - sum(widths[:-1]) - 2 * (len(shown) - 1), 1)
    last = line[-1]
    return [*line[:-1], last if len(last) <= room else f"{last[: room - 1]}…"]


def bold(text_: str) -> str:
    """A heading, where somebody looks."""
    return f"\x1b[1m{text_}\x1b[0m" if sys.stdout.isatty() else text_


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


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, its cells under each other. Pure."""
    # Not rich's table: importing it takes a fifth of the time of `nbh lab list`.
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _print_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    header, *lines = aligned([columns, *cells])
    print(bold(header))
    for line in lines:
        print(line)

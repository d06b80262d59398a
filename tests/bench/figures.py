"""What a benchmark says: a figure beside its floor, both measured in the same run."""

import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One row. ``goal`` is in ``unit``; a ratio's floor is the 1.0 it is measured against."""

    name: str
    value: float
    unit: str
    floor: float | None
    """What the bare parts need for the same, measured in the same run."""

    goal: float
    met: bool
    spread: str = ""
    """Minimum, 90th percentile and maximum, or what else says how noisy it was."""


def at_most(
    name: str, value: float, goal: float, *, unit: str, floor: float | None, spread: str = ""
) -> Figure:
    """A figure that must not exceed its goal."""
    return Figure(
        name=name, value=value, unit=unit, floor=floor, goal=goal, met=value <= goal, spread=spread
    )


def at_least(
    name: str, value: float, goal: float, *, unit: str, floor: float | None, spread: str = ""
) -> Figure:
    """A figure that must reach its goal."""
    return Figure(
        name=name, value=value, unit=unit, floor=floor, goal=goal, met=value >= goal, spread=spread
    )


def percentile(samples: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the least sample that so large a share does not exceed;
    ``share`` is above 0 and at most 1."""
    # 0.99 has no exact float: what it misses must not make a rank more
    return sorted(samples)[math.ceil(round(share * len(samples), 6)) - 1]


def spread(samples: Sequence[float], scale: float = 1.0) -> str:
    """How far the samples lie apart."""
    low, p90, high = min(samples), percentile(samples, 0.9), max(samples)
    return f"n={len(samples)} {low * scale:.3g}–{p90 * scale:.3g}–{high * scale:.3g}"


def median(samples: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(samples)


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print them as a table."""
    table = Table("figure", "value", "floor", "goal", "unit", "met", "spread (min–p90–max)")
    for f in figures:
        floor = "" if f.floor is None else f"{f.floor:.4g}"
        met = "[green]yes[/]" if f.met else "[red]no[/]"
        table.add_row(f.name, f"{f.value:.4g}", floor, f"{f.goal:.4g}", f.unit, met, f.spread)
    console.print(table)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write ``bench.json``: a list of objects with name, value, unit, floor, goal, met."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")

"""The numbers of the statistics, each defined once."""

from nbh_stats.numbers import events, machines, material, people, site, usage
from nbh_stats.numbers.number import About, Column, Number, Option, Type

__all__ = ["ALL", "About", "Column", "Number", "Option", "Type", "find"]

ALL: tuple[Number, ...] = (
    *material.ALL,
    *people.ALL,
    *events.ALL,
    *machines.ALL,
    *usage.ALL,
    *site.ALL,
)

_BY_NAME = {(number.about, number.name): number for number in ALL}


def find(about: About, name: str) -> Number | None:
    """The number of that name; None if there is none."""
    return _BY_NAME.get((about, name))

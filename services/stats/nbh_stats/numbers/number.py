"""What a number of the statistics is: the one definition that each use of it is made of. Pure."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

Type = Literal["text", "count", "real", "day", "instant"]
"""A column's: words, a whole number, another number, a day of the asked time zone, an instant in
UTC."""

About = Literal["course", "node", "site"]
"""What the number's address names: a course, a machine that runs labs, or nothing."""

Option = Literal["step", "track", "limit"]
"""What may be asked beside a range, a time zone and who counts."""

PARAMETERS: Mapping[str, str] = {
    "course": "String",
    "node": "String",
    "since": "DateTime64(6, 'UTC')",
    "until": "DateTime64(6, 'UTC')",
    "weeks_from": "DateTime64(6, 'UTC')",
    "weeks_to": "DateTime64(6, 'UTC')",
    "weeks_first": "Int64",
    "weeks_end": "Int64",
    "days_from": "DateTime64(6, 'UTC')",
    "days_to": "DateTime64(6, 'UTC')",
    "days_first": "Int64",
    "days_end": "Int64",
    "quarters_from": "DateTime64(6, 'UTC')",
    "quarters_to": "DateTime64(6, 'UTC')",
    "quarters_first": "Int64",
    "quarters_end": "Int64",
    "zone": "String",
    "left_out": "Array(UInt32)",
    "staff": "Array(UInt32)",
    "staff_of": "Array(String)",
    "any_course": "Bool",
    "courses": "Array(String)",
    "step": "UInt32",
    "limit": "UInt32",
    "track": "Array(String)",
    "sections": "Array(String)",
    "titles": "Array(String)",
}
"""What a number's SQL may ask for, with its type in ClickHouse.

``since`` is in the range, ``until`` is the first instant after it; ``weeks_…``, ``days_…`` and
``quarters_…`` are the part of it of which there are sums, as instants and as numbers (see
`summing`). ``left_out`` are numbers of students; where several courses are concerned, ``staff``
are left out of the courses ``staff_of`` too. Who may see ``any_course`` sees more than
``courses``.
"""

STEP = "(intDiv(toUnixTimestamp(at) + 259200, {step}) * {step} - 259200)"
"""When the step of an instant began, in Unix time. Steps are counted from a Monday, and 1970-01-01
was a Thursday."""

_KIND = re.compile(r"'([a-z]+[.][a-z-]+)'")
_NAMED = re.compile(r"\{(\w+)\}")


class Column(NamedTuple):
    """One column of a number."""

    name: str
    type: Type
    what: str
    unit: str = ""


class Number(NamedTuple):
    """One table that can be asked for, as JSON, CSV or Parquet."""

    name: str
    about: About
    what: str
    columns: tuple[Column, ...]
    sql: str
    """With `PARAMETERS` in braces; nothing that anybody typed ever becomes a part of it."""

    people: bool = True
    """Whether those whom the course leaves out are left out (T3): it counts what students do, not
    what machines do."""

    options: tuple[Option, ...] = ()
    most_steps: int = 400
    """How many steps are made of a range where none is asked for: more points are more than a
    screen shows."""

    source: str = ""
    """Its id in FEATURES.md, if the original has it."""

    @property
    def statement(self) -> str:
        """The SQL as ClickHouse takes it: each parameter with its type."""
        return _NAMED.sub(lambda found: f"{{{found[1]}:{PARAMETERS[found[1]]}}}", self.sql)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of events that it is made of."""
        return frozenset(_KIND.findall(self.sql))

    @property
    def parameters(self) -> frozenset[str]:
        """Which parameters its SQL asks for."""
        return frozenset(_NAMED.findall(self.sql))

"""Who is left out of what is counted of students (T3). Pure; decided when somebody looks.

The course's staff, with the members of the groups among it, and the site's test ids. What happened
stays in the table, so who joins the staff tomorrow is left out of yesterday's numbers too.
"""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

Members = Callable[[str], Iterable[str]]
"""The members of a group by its name; none for a group that nobody knows."""

_ARTEFACT_LENGTH = 28


class Rules(NamedTuple):
    """The site's."""

    test_students: tuple[str, ...] = ()
    """Ids, or patterns as `fnmatch` has them."""

    short_ids: bool = False
    """The original's rule: an id of fewer than 28 characters without a dot is no student's."""


def staff_of(given: Iterable[str], members: Members) -> frozenset[str]:
    """A course's staff as ids: ``@group`` stands for its members."""
    staff: set[str] = set()
    for word in given:
        staff |= set(members(word[1:])) if word.startswith("@") else {word}
    return frozenset(staff)


def by_rules(names: Iterable[str], rules: Rules) -> frozenset[str]:
    """Those of all students whom the site's rules leave out of every course."""
    return frozenset(name for name in names if _is_test(name, rules))


def _is_test(name: str, rules: Rules) -> bool:
    if rules.short_ids and "." not in name and len(name) < _ARTEFACT_LENGTH:
        return True
    return any(fnmatchcase(name, pattern) for pattern in rules.test_students)

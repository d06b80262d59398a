"""What the dashboard says, in each language."""

from collections.abc import Mapping
from typing import NamedTuple


class Titled(NamedTuple):
    """A chart."""

    title: str
    what: str
    """A sentence below the title: how it is read."""


class Words(NamedTuple):
    """All of one language."""

    dashboard: str
    courses: str
    course: str
    machine: str
    machines: str
    no_machines: str
    account: str
    skip: str
    """The link to the content, for who cannot see."""

    courses_what: str
    no_courses: str
    no_courses_what: str
    range: str
    last_days: str
    """With ``{days}``."""

    all_time: str
    since: str
    until: str
    show: str
    everyone: str
    look: str
    """Leads to a page on which a student's notebook can be looked at."""

    track: str
    zone: str
    """With ``{zone}``."""

    left_out: str
    """With ``{count}``, two at least."""

    left_out_one: str
    counts_everyone: str
    empty: str
    """With ``{course}``."""

    empty_what: str
    empty_steps: tuple[str, ...]
    table: str
    download: str
    no_script: str
    groups: Mapping[str, str]
    charts: Mapping[str, Titled]
    figures: Mapping[str, str]
    sorry: Mapping[int, Titled]
    """Pages that are not there, by status."""

    quote: str
    back: str
    sign_in: str
    spoken: Mapping[str, str]
    """What scripts say; some with ``{…}`` in them."""

    columns: Mapping[str, str]
    """The heads of tables."""

    values: Mapping[str, str]
    """Words that stand in numbers: ways, reasons."""

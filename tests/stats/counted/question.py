"""What is asked of events in a test."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nbh_proto import AccessOpened

MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
SUFFIXES = (".ipynb", ".py", ".md")


class Question(NamedTuple):
    """What is asked of the events."""

    course: str
    since: datetime
    until: datetime
    zone: str
    left_out: frozenset[str] = frozenset()
    step: int = 3600
    limit: int = 200
    track: tuple[tuple[str, str], ...] = ()
    """Sections and notebooks, in order."""

    node: str = ""


def name(notebook):
    """A notebook without its suffix."""
    for suffix in SUFFIXES:
        if notebook.endswith(suffix):
            return notebook[: -len(suffix)]
    return notebook


class Asked:
    """What happened, as far as a question is about it."""

    def __init__(self, events, question):
        self.q = question
        self.happened = list({event.id: event for event in events}.values())
        self.of_course = [e for e in self.happened if getattr(e, "course", "") == question.course]
        self.in_range = [e for e in self.of_course if question.since <= e.at < question.until]
        self.ever = [
            e
            for e in self.of_course
            if isinstance(e, AccessOpened)
            and e.at < question.until
            and e.student not in question.left_out
        ]
        self.opens = [e for e in self.ever if e.at >= question.since]

    def _of(self, *types):
        return [e for e in self.in_range if isinstance(e, types)]

    def day(self, at):
        return at.astimezone(ZoneInfo(self.q.zone)).date()

    def _begin_of_step(self, at):
        since = (at - MONDAY) // timedelta(seconds=self.q.step)
        return MONDAY + since * timedelta(seconds=self.q.step)

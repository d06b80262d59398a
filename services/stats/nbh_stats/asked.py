"""What somebody asks for, read from an address's query. Pure."""

from collections.abc import Container, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Zones = Container[str]
"""The time zones that ClickHouse knows."""

BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(2200, 1, 1, tzinfo=UTC)

STEPS = {"5m": 300, "15m": 900, "1h": 3600, "6h": 21_600, "1d": 86_400, "7d": 604_800}
"""How long a step is, in seconds."""

MOST_STUDENTS = 10_000
_FEW_STUDENTS = 200
_LONGEST = 100
_KNOWN = frozenset({"from", "to", "tz", "step", "track", "limit", "everyone"})


class BadQuestion(ValueError):
    """What was asked cannot be answered; says which parameter, and what it may be."""


class Asked(NamedTuple):
    """One question, whichever number it is asked of."""

    since: datetime = BEGIN
    until: datetime = END
    zone: str = "UTC"
    step: int | None = None
    """Seconds; None for whichever suits the range."""

    track: str = ""
    """Its id; empty for the course's first."""

    limit: int = _FEW_STUDENTS
    everyone: bool = False
    """Whether nobody is left out."""


def read(query: Mapping[str, str], zone: str, zones: Zones) -> Asked:
    """The question in a query; ``zone`` is the time zone if it names none.

    Raises:
        BadQuestion: it cannot be answered.
    """
    for name, value in query.items():
        if name not in _KNOWN:
            raise BadQuestion(f"there is no parameter {name[:_LONGEST]!r}")
        if len(value) > _LONGEST:
            raise BadQuestion(f"{name}: at most {_LONGEST} characters")
    zone = _zone(query.get("tz", zone), zones)
    since = _instant("from", query["from"], zone, after=False) if "from" in query else BEGIN
    until = _instant("to", query["to"], zone, after=True) if "to" in query else END
    if since >= until:
        raise BadQuestion("from: it is not before `to`")
    return Asked(
        since=since,
        until=until,
        zone=zone,
        step=_step(query["step"]) if "step" in query else None,
        track=query.get("track", ""),
        limit=_limit(query["limit"]) if "limit" in query else _FEW_STUDENTS,
        everyone=_flag("everyone", query.get("everyone", "false")),
    )


def with_step(question: Asked, most: int, first: datetime | None, last: datetime | None) -> Asked:
    """The question with a step: the shortest with which there are at most so many. ``first`` and
    ``last`` are of what there is; None for nothing."""
    since = max(question.since, first or question.since)
    until = min(question.until, last or question.since)
    seconds = (until - since).total_seconds()
    fitting = (step for step in STEPS.values() if seconds <= step * most)
    return question._replace(step=next(fitting, max(STEPS.values())))


def _instant(name: str, text: str, zone: str, *, after: bool) -> datetime:
    """A day is meant as a whole: from its first instant, to its last."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _within(name, _moment(name, text))
    try:
        return _within(name, midnight(day + timedelta(days=1) if after else day, zone))
    except OverflowError as e:
        raise BadQuestion(f"{name}: {text} is too far away") from e


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a day somewhere; where the clocks skip it, the first that there is."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadQuestion(
            f"{name}: write a day as 2026-01-31, or an instant as 2026-01-31T08:00:00Z"
        )
    return moment


def _within(name: str, moment: datetime) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = END + timedelta(days=1)
    if not BEGIN <= moment <= END:
        raise BadQuestion(f"{name}: between 1970 and 2200")
    return moment


def _zone(text: str, zones: Zones) -> str:
    try:
        if text not in zones:
            raise ZoneInfoNotFoundError(text)
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise BadQuestion("tz: no time zone has that name; write one as Europe/Paris") from e
    return text


def _step(text: str) -> int:
    if text not in STEPS:
        raise BadQuestion(f"step: one of {', '.join(STEPS)}")
    return STEPS[text]


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MOST_STUDENTS:
        raise BadQuestion(f"limit: a number from 1 to {MOST_STUDENTS}")
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise BadQuestion(f"{name}: true or false")
    return text == "true"

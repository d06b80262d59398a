"""From an event as the stream holds it to rows of the table. Pure.

Events of types that this release does not know are rows too: all that is asked of one is an id,
an instant and a subject that says what happened. What the numbers are made of gets a column.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import msgspec

from nbh_kit.batching import Stored
from nbh_proto.names import NOTEBOOK_SUFFIXES

_NEVER_STORED = ("capability", "token", "answer_to")
"""No event has the first two (S-19, S-22); should one ever, they still do not come here. The inbox
of who waits for an answer says nothing about what happened."""

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""ClickHouse's DateTime64 ends a little later; one instant it refuses would hold up its batch."""

_HOW = ("way", "reason", "by")
_NOT_GAUGES = ("v", "generation", "seconds")
_MOST_GENERATION = 2**64 - 1


class BadEvent(ValueError):
    """An event that can be no row, and why."""


class Row(NamedTuple):
    """One row; its fields are the table's columns."""

    stream: datetime
    sequence: int
    at: datetime
    kind: str
    """The noun and the participle: ``lab.ready``."""

    course: str
    student: str
    notebook: str
    """With its suffix, as the event has it."""

    id: str
    """The event's. What was sampled of one course has the course behind it."""

    detail: str
    """What else the event says, as JSON."""

    node: str
    who: int
    """The student's number in the table; 0 for nobody, and before it is stored."""

    stem: str
    """The notebook without its suffix."""

    how: str
    """The event's way, reason or cause, in one word."""

    seconds: float
    generation: int
    gauges: dict[str, float]
    """What was sampled."""


COLUMNS = Row._fields


class _Said(msgspec.Struct):
    """What every event has, and what has a column of its own by its name."""

    id: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    course: str = ""
    student: str = ""
    notebook: str = ""


_KNOWN = {field.name for field in msgspec.structs.fields(_Said)}
_WHO = COLUMNS.index("who")
_encoder = msgspec.json.Encoder()
_said = msgspec.json.Decoder(_Said)
_whole = msgspec.json.Decoder(dict[str, Any])


def rows(event: Stored, stream: datetime) -> Iterator[Row]:
    """The event's row; a sample of a node has one more for each course.

    Raises:
        BadEvent: it is no JSON object, or lacks what every event has.
    """
    kind = kind_of(event.subject)
    try:
        said = _said.decode(event.data)
        whole = _whole.decode(event.data)
    except msgspec.MsgspecError as e:
        raise BadEvent(f"cannot be decoded: {e}") from e
    if not _EARLIEST <= said.at < _LATEST:
        raise BadEvent(f"cannot have happened at {said.at}")
    rest = {k: v for k, v in whole.items() if k not in _KNOWN and k not in _NEVER_STORED}
    row = _row(event, stream, kind, said, rest)
    if kind == "node.sampled":
        yield from _sampled(row, rest)
    else:
        yield row


def encoded(row: Row, who: int) -> bytes:
    """One line of ClickHouse's format JSONCompactEachRow, in the order of `COLUMNS`; ``who`` is
    the number of its student."""
    cells: list[object] = list(row)
    cells[_WHO] = who
    return _encoder.encode(cells)


def kind_of(subject: str) -> str:
    """The noun and the participle: ``nbh.event.lab.ready.py`` tells of a ``lab.ready``.

    Raises:
        BadEvent: the subject has no such words.
    """
    words = subject.split(".")
    if len(words) < 4:
        raise BadEvent(f"the subject {subject} does not say what happened")
    return f"{words[2]}.{words[3]}"


def stem_of(notebook: str) -> str:
    """A notebook's path without its suffix: what the statistics call it (T1)."""
    for suffix in NOTEBOOK_SUFFIXES:
        if notebook.endswith(suffix):
            return notebook.removesuffix(suffix)
    return notebook


def _row(event: Stored, stream: datetime, kind: str, said: _Said, rest: dict[str, Any]) -> Row:
    return Row(
        stream=stream,
        sequence=event.sequence,
        at=said.at,
        kind=kind,
        course=said.course,
        student=said.student,
        notebook=said.notebook,
        id=said.id,
        detail=msgspec.json.encode(rest).decode(),
        node=_text(rest.get("node")),
        who=0,
        stem=stem_of(said.notebook),
        how=next((_text(rest[key]) for key in _HOW if rest.get(key)), ""),
        seconds=_real(rest.get("seconds")) or 0.0,
        generation=_generation(rest.get("generation")),
        gauges=_gauges(rest) if kind == "lab.sampled" else {},
    )


def _sampled(row: Row, rest: Mapping[str, Any]) -> Iterator[Row]:
    """A node, and each of its courses: who looks at one need not read what is said of all."""
    courses = rest.get("courses")
    detail = {k: v for k, v in rest.items() if k != "courses"}
    machine = _nested(rest.get("machine"))
    disks = {
        f"{disk}_{gauge}": value
        for disk in ("data", "containers", "system")
        for gauge, value in _nested(machine.get(f"{disk}_disk")).items()
    }
    gauges = _gauges({**machine, **disks, **_nested(rest.get("total"))})
    yield row._replace(detail=msgspec.json.encode(detail).decode(), gauges=gauges)
    for course, counts in _nested(courses).items():
        yield row._replace(
            course=course,
            id=f"{row.id}:{course}",
            detail=msgspec.json.encode(counts).decode(),
            gauges=_gauges(_nested(counts)),
        )


def _generation(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value <= _MOST_GENERATION else 0


def _nested(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _gauges(given: Mapping[str, Any]) -> dict[str, float]:
    known = {k: _real(v) for k, v in given.items() if k not in _NOT_GAUGES}
    return {k: v for k, v in known.items() if v is not None}


def _real(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

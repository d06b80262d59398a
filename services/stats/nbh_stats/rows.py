"""From an event as the stream holds it to a row of the table. Pure.

Events of types that this release does not know are rows too: all that is asked of one is an id,
an instant and a subject that says what happened.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from nbh_kit.batching import Stored

COLUMNS = (
    "stream",
    "sequence",
    "at",
    "kind",
    "course",
    "student",
    "notebook",
    "id",
    "detail",
)

_NEVER_STORED = ("capability", "token", "answer_to")
"""No event has the first two (S-19, S-22); should one ever, they still do not come here. The inbox
of who waits for an answer says nothing about what happened."""

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""ClickHouse's DateTime64 ends a little later; one instant it refuses would hold up its batch."""


class BadEvent(ValueError):
    """An event that can be no row, and why."""


class _Said(msgspec.Struct):
    """What has a column of its own."""

    id: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    course: str = ""
    student: str = ""
    notebook: str = ""


_KNOWN = {field.name for field in msgspec.structs.fields(_Said)}
_said = msgspec.json.Decoder(_Said)
_whole = msgspec.json.Decoder(dict[str, Any])


def row(event: Stored, stream: datetime) -> bytes:
    """The event as one line of ClickHouse's format JSONCompactEachRow, in the order of `COLUMNS`.

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
    return msgspec.json.encode(
        (
            stream,
            event.sequence,
            said.at,
            kind,
            said.course,
            said.student,
            said.notebook,
            said.id,
            _detail(whole),
        )
    )


def kind_of(subject: str) -> str:
    """The noun and the participle: ``nbh.event.lab.ready.py`` tells of a ``lab.ready``.

    Raises:
        BadEvent: the subject has no such words.
    """
    words = subject.split(".")
    if len(words) < 4:
        raise BadEvent(f"the subject {subject} does not say what happened")
    return f"{words[2]}.{words[3]}"


def _detail(whole: dict[str, Any]) -> str:
    rest = {k: v for k, v in whole.items() if k not in _KNOWN and k not in _NEVER_STORED}
    return msgspec.json.encode(rest).decode()

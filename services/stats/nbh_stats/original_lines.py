"""Reads what nbhosting 0.59 wrote: ``events.raw`` and ``counts.raw`` (T1, T2). Pure.

A line that is read twice, from the same file or a copy, becomes the same row: its id follows from
what it says. Lines that say the same in the same second are told apart by their order.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from nbh_proto import names
from nbh_stats.rows import Row, stem_of

STREAM = datetime(1970, 1, 1, tzinfo=UTC)
"""What these rows have for a stream: none of NATS's was made then."""

NODE = "nbhosting-0.59"
"""What its one machine is called here."""

_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_SECOND = len("2026-01-02T03:04:05")
_OPENED = ("created", "existing")
_KILLED = "killing"
_KNOWN = (
    "running_container",
    "frozen_container",
    "running_kernel",
    "student_home",
    "load1",
    "load5",
    "load15",
    "container_ds_percent",
    "container_ds_free",
    "nbhosting_ds_percent",
    "nbhosting_ds_free",
    "system_ds_percent",
    "system_ds_free",
    "memory_total",
    "memory_free",
    "memory_available",
    "system_container",
    "system_kernel",
)
_OF_COURSE = {
    "running_container": "running",
    "frozen_container": "frozen",
    "running_kernel": "kernels",
    "student_home": "students",
}
_OF_NODE = {
    "load1": "load1",
    "load5": "load5",
    "load15": "load15",
    "container_ds_percent": "containers_free_percent",
    "container_ds_free": "containers_free_mib",
    "nbhosting_ds_percent": "data_free_percent",
    "nbhosting_ds_free": "data_free_mib",
    "system_ds_percent": "system_free_percent",
    "system_ds_free": "system_free_mib",
    "memory_total": "memory_total",
    "memory_free": "memory_free",
    "memory_available": "memory_available",
    "system_container": "running",
    "system_kernel": "kernels",
}


class Unreadable(NamedTuple):
    """A line that says nothing, and why."""

    line: int
    why: str


class Read(NamedTuple):
    """What lines say."""

    rows: list[Row]
    unreadable: list[Unreadable]
    passed_over: int
    """Lines that are fine and say nothing that is counted: comments, labs that were killed."""


class _Bad(ValueError):
    """Why a line cannot be read."""


class _PassedOver(Exception):
    """There is nothing in this line to count."""


class _Ids:
    """The ids of lines: from what they say, and from how many said the same before."""

    def __init__(self) -> None:
        self._times: Counter[str] = Counter()

    def next(self, said: str) -> str:
        """The id of a row that says this."""
        self._times[said] += 1
        digest = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
        return f"{digest}-{self._times[said]}"


_RowsOf = Callable[[int, str, _Ids], Iterable[Row]]
"""The rows of a line, by its number and what it says."""


def events(course: str, lines: Sequence[str], first: int) -> Read:
    """Lines of an ``events.raw``; ``course`` is whose they are, empty for what each line says.

    ``first`` is the number of the first line in its file. Lines of one second come in one call.
    """
    return _read(lines, first, lambda *line: _opened(course, *line))


def counts(course: str, lines: Sequence[str], first: int) -> Read:
    """Lines of a course's ``counts.raw``."""
    return _read(lines, first, lambda *line: _counted(course, *line))


def _read(lines: Sequence[str], first: int, rows_of: _RowsOf) -> Read:
    rows: list[Row] = []
    unreadable: list[Unreadable] = []
    passed_over = 0
    ids = _Ids()
    for number, line in enumerate(lines, first):
        try:
            rows += rows_of(number, line, ids)
        except _PassedOver:
            passed_over += 1
        except _Bad as e:
            unreadable.append(Unreadable(number, str(e)))
    return Read(rows, unreadable, passed_over)


def _opened(course: str, number: int, line: str, ids: _Ids) -> Iterator[Row]:
    words = line.split()
    if not words:
        raise _PassedOver
    if len(words) < 6:
        raise _Bad(f"has {len(words)} words, not 6")
    instant, said, student, *path, action, port = words
    if action == _KILLED:
        raise _PassedOver
    if action not in _OPENED:
        raise _Bad(f"{action!r} is nothing that was done")
    notebook = " ".join(path)
    at = _instant(instant)
    course = _id("course", course or said)
    yield _row(
        number,
        at,
        "access.opened",
        course,
        id_=ids.next(_text("access.opened", course, at, said, *words[2:])),
        student=_id("student", student),
        notebook=notebook,
        stem=stem_of(notebook),
        detail=_json({"imported": True, "action": action, "port": port}),
    )


def _counted(course: str, number: int, line: str, ids: _Ids) -> Iterator[Row]:
    if not line.strip() or line.startswith("#"):
        raise _PassedOver
    instant, *given = line.split()
    if len(given) > len(_KNOWN):
        raise _Bad(f"has {len(given)} counts, {len(_KNOWN)} are known")
    values = dict(zip(_KNOWN, map(_whole, given), strict=False))
    of_course = _gauges(values, _OF_COURSE)
    of_node = _gauges(values, _OF_NODE)
    at = _instant(instant)
    course = _id("course", course)
    yield _sample(number, at, course, of_course, ids)
    # every course's file says the same of the machine
    yield _sample(number, at, "", of_node, ids)


def _sample(number: int, at: datetime, course: str, gauges: dict[str, float], ids: _Ids) -> Row:
    values = (f"{name}={value}" for name, value in gauges.items())
    id_ = ids.next(_text("node.sampled", course, at, NODE, *values))
    detail = _json({"imported": True, "node": NODE, **gauges})
    return _row(
        number, at, "node.sampled", course, id_=id_, node=NODE, gauges=gauges, detail=detail
    )


def _gauges(values: Mapping[str, int], names_: Mapping[str, str]) -> dict[str, float]:
    gauges = {new: float(values[old]) for old, new in names_.items() if old in values}
    # it wrote loads times 100
    return {k: v / 100 if k.startswith("load") else v for k, v in gauges.items()}


def _text(kind: str, course: str, at: datetime, *said: str) -> str:
    return "\n".join((kind, course, at.isoformat(), *said))


def _row(
    number: int,
    at: datetime,
    kind: str,
    course: str,
    *,
    id_: str,
    student: str = "",
    notebook: str = "",
    stem: str = "",
    node: str = "",
    gauges: dict[str, float] | None = None,
    detail: str,
) -> Row:
    return Row(
        stream=STREAM,
        sequence=number,
        at=at,
        kind=kind,
        course=course,
        student=student,
        notebook=notebook,
        id=id_,
        detail=detail,
        node=node,
        who=0,
        stem=stem,
        how="",
        seconds=0.0,
        generation=0,
        gauges=gauges or {},
    )


def _instant(text: str) -> datetime:
    try:
        # as the original wrote them, without a zone: it is quicker to read one than to add it
        at = datetime.fromisoformat(f"{text}+00:00" if len(text) == _SECOND else text)
    except ValueError:
        raise _Bad(f"{text[:40]!r} is no instant") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not _EARLIEST <= at < _LATEST:
        raise _Bad(f"cannot have happened at {text}")
    return at


def _id(kind: str, text: str) -> str:
    if not names.ID.fullmatch(text):
        raise _Bad(f"{text[:40]!r} is not the name of a {kind}")
    return text


def _whole(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise _Bad(f"{text[:40]!r} is no whole number") from None
    if abs(value) >= 2**63:
        raise _Bad(f"{text[:40]} is too large")
    return value


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()

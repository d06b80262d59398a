"""From an event to a row, without ClickHouse."""

from datetime import UTC, datetime

import msgspec
import pytest

import nbh_proto
from nbh_kit.batching import Stored
from nbh_proto import Event
from nbh_stats import rows
from nbh_stats.rows import BadEvent

STREAM = datetime(2026, 1, 1, tzinfo=UTC)
AT = "2026-01-02T03:04:05.678901Z"


def event_types():
    given = (getattr(nbh_proto, name) for name in nbh_proto.__all__)
    return [t for t in given if isinstance(t, type) and issubclass(t, Event) and t is not Event]


def row(data, subject="nbh.event.lab.ready.py"):
    if not isinstance(data, bytes):
        data = msgspec.json.encode(data)
    values = msgspec.json.decode(rows.row(Stored(7, subject, data), STREAM))
    return dict(zip(rows.COLUMNS, values, strict=True))


def test_what_every_event_has_gets_a_column_and_the_rest_is_detail():
    made = row(
        {
            "id": "i",
            "at": AT,
            "course": "py",
            "student": "ada",
            "notebook": "w1/é",
            "way": "pool",
            "seconds": 0.25,
        }
    )
    assert made == {
        "stream": "2026-01-01T00:00:00Z",
        "sequence": 7,
        "at": AT,
        "kind": "lab.ready",
        "course": "py",
        "student": "ada",
        "notebook": "w1/é",
        "id": "i",
        "detail": '{"way":"pool","seconds":0.25}',
    }


def test_an_event_of_a_later_release_is_a_row_too():
    made = row({"id": "i", "at": AT, "node": "n1", "load": [1, 2]}, "nbh.event.node.sampled.n1")
    assert (made["kind"], made["course"]) == ("node.sampled", "")
    assert msgspec.json.decode(made["detail"]) == {"node": "n1", "load": [1, 2]}


@pytest.mark.parametrize("type_", event_types())
def test_no_event_has_a_capability_or_a_token(type_):
    fields = {field.name for field in msgspec.structs.fields(type_)}
    assert not {f for f in fields if "capability" in f or "token" in f or "secret" in f}


def test_should_an_event_ever_have_a_capability_it_is_not_stored():
    made = row({"id": "i", "at": AT, "capability": "4" * 40, "token": "t0ken", "v": 1})
    assert made["detail"] == '{"v":1}'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"", "cannot be decoded", id="nothing"),
        pytest.param(b"{", "cannot be decoded", id="half an object"),
        pytest.param(b"[1]", "cannot be decoded", id="no object"),
        pytest.param(b'{"id":"\\ud800","at":"' + AT.encode() + b'"}', "decoded", id="no Unicode"),
        pytest.param({"at": AT}, "`id`", id="no id"),
        pytest.param({"id": "i"}, "`at`", id="no instant"),
        pytest.param({"id": "i", "at": "2026-01-02T03:04:05"}, "timezone", id="an hour of where"),
        pytest.param({"id": "i", "at": "2999-01-01T00:00:00Z"}, "happened", id="far future"),
        pytest.param({"id": "i", "at": "0001-01-01T00:00:00Z"}, "happened", id="far past"),
        pytest.param({"id": "i", "at": AT, "course": 1}, "course", id="a course that is a number"),
    ],
)
def test_what_can_be_no_row_is_refused_with_its_reason(data, why):
    with pytest.raises(BadEvent, match=why):
        row(data)


def test_a_subject_that_does_not_say_what_happened_is_refused():
    with pytest.raises(BadEvent, match="does not say what happened"):
        row({"id": "i", "at": AT}, "nbh.event.lab")

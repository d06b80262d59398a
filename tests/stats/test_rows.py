"""From an event to a row, without ClickHouse."""

from datetime import UTC, datetime

import msgspec
import pytest

import nbh_proto
from nbh_kit.batching import Stored
from nbh_proto import Event, LabSampled, NodeSampled
from nbh_proto.sample import Counts, Disk, NodeMeasured
from nbh_stats import rows
from nbh_stats.rows import BadEvent

STREAM = datetime(2026, 1, 1, tzinfo=UTC)
AT = "2026-01-02T03:04:05.678901Z"


def event_types():
    given = (getattr(nbh_proto, name) for name in nbh_proto.__all__)
    return [t for t in given if isinstance(t, type) and issubclass(t, Event) and t is not Event]


def made_of(data, subject="nbh.event.lab.ready.py"):
    if not isinstance(data, bytes):
        data = msgspec.json.encode(data)
    return list(rows.rows(Stored(7, subject, data), STREAM))


def row(data, subject="nbh.event.lab.ready.py"):
    (one,) = made_of(data, subject)
    return dict(zip(rows.COLUMNS, msgspec.json.decode(rows.encoded(one, 0)), strict=True))


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
        "node": "",
        "who": 0,
        "stem": "w1/é",
        "how": "pool",
        "seconds": 0.25,
        "generation": 0,
        "gauges": {},
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
    made = row({"id": "i", "at": AT, "node": "n1", "load": [1, 2]}, "nbh.event.node.heated.n1")
    assert (made["kind"], made["course"]) == ("node.heated", "")
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


def test_a_sample_of_a_node_is_a_row_for_it_and_one_for_each_course():
    sampled = NodeSampled(
        node="n1",
        machine=NodeMeasured(
            load1=1.5,
            load5=1.0,
            load15=0.5,
            memory_total=8,
            memory_free=4,
            memory_available=6,
            data_disk=Disk(free_percent=12.5, free_mib=100),
        ),
        total=Counts(running=3, kernels=4),
        courses={"py": Counts(running=2, frozen=1, kernels=4), "r.adv": Counts(running=1)},
    )
    node, py, r = made_of(msgspec.json.encode(sampled), sampled.address)
    assert (node.kind, node.node, node.course, node.id) == ("node.sampled", "n1", "", sampled.id)
    assert node.gauges.items() >= {"load1": 1.5, "data_free_percent": 12.5, "running": 3}.items()
    assert "containers_free_mib" not in node.gauges
    assert "courses" not in msgspec.json.decode(node.detail)
    assert (py.course, py.node, py.id) == ("py", "n1", f"{sampled.id}:py")
    assert py.gauges == {"running": 2, "frozen": 1, "pooled": 0, "kernels": 4, "students": 0}
    assert r.course == "r.adv"


def test_a_sample_of_a_lab_is_told_in_gauges():
    sampled = LabSampled(
        node="n1",
        course="py",
        student="ada",
        generation=2**60,
        state="ready",
        busy=True,
        kernels=None,
        cpu_seconds=1.25,
        memory=2**33,
    )
    (made,) = made_of(msgspec.json.encode(sampled), sampled.address)
    assert made.generation == 2**60
    assert made.gauges == {"cpu_seconds": 1.25, "memory": 2**33}


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("w1/n1.md", "w1/n1"),
        ("w1/n1.ipynb", "w1/n1"),
        ("1.2-intro", "1.2-intro"),
        ("a.py.md", "a.py"),
        ("", ""),
    ],
)
def test_a_notebook_is_counted_under_its_path_without_the_suffix(path, stem):
    assert row({"id": "i", "at": AT, "notebook": path})["stem"] == stem


def test_odd_values_of_what_has_a_column_are_no_trouble():
    odd = {"seconds": "soon", "generation": -1, "node": 7, "way": ["x"], "reason": "said"}
    made = row({"id": "i", "at": AT} | odd)
    assert (made["seconds"], made["generation"], made["node"]) == (0.0, 0, "")
    assert made["how"] == ""
    courses = row({"id": "i", "at": AT, "courses": [1], "machine": 3}, "nbh.event.node.sampled.n")
    assert courses["gauges"] == {}

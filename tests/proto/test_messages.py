"""Over all messages, found by reflection: a new one is covered when it is born."""

import re
from pathlib import Path

import msgspec
import pytest

import nbh_proto
from nbh_proto import (
    AccessReady,
    AccessRequested,
    Answer,
    Command,
    Event,
    Message,
    Question,
)
from nbh_proto.access import AccessAnswer
from nbh_proto.buckets import BUCKETS
from nbh_proto.streams import ALL
from tests.proto import examples
from tests.proto.examples import every_message

SAID = [t for t in every_message() if not issubclass(t, Answer)]


def example(type_: type[Message]) -> Message:
    """One with every required field filled, always the same."""
    return msgspec.convert(examples.least(type_), type_)


@pytest.mark.parametrize("type_", SAID)
def test_what_stands_in_a_subject_is_a_field(type_):
    assert set(type_.placeholders()) <= {f.name for f in msgspec.structs.fields(type_)}


def test_no_two_types_share_a_subject():
    patterns = [t.pattern() for t in SAID]
    assert len(set(patterns)) == len(patterns)


@pytest.mark.parametrize("type_", SAID)
def test_a_message_is_kept_by_the_stream_of_its_kind(type_):
    streams = [s.name for s in ALL for p in s.subjects if type_.pattern().startswith(p[:-1])]
    wanted = {Event: ["EVENTS"], Command: ["COMMANDS"], Question: [], Message: ["DEAD"]}
    assert streams == next(w for kind, w in wanted.items() if issubclass(type_, kind))


@pytest.mark.parametrize("type_", every_message())
def test_a_docstring_says_who_speaks(type_):
    assert re.search(r"(Told|Asked) by", type_.__doc__ or "")


@pytest.mark.parametrize("type_", every_message())
def test_what_a_newer_sender_adds_is_skipped(type_):
    newer = msgspec.to_builtins(example(type_)) | {"added_later": 1}
    assert msgspec.convert(newer, type_) == example(type_)


@pytest.mark.parametrize("type_", every_message())
def test_the_contract_is_the_one_on_record(type_):
    # A difference here is a change of contract and is reviewed as one: services of two releases
    # run side by side during an upgrade.
    record = Path(__file__).parent / "data" / f"{type_.__name__}.json"
    said = msgspec.json.format(msgspec.json.encode(example(type_)))
    if not record.exists():
        record.write_bytes(said + b"\n")
        pytest.fail(f"{record.name} was not there; it is now: review and commit it")
    assert msgspec.json.decode(record.read_bytes(), type=type_) == example(type_)
    assert record.read_bytes() == said + b"\n"


@pytest.mark.parametrize("bad", ["ada.>", "*", "a b", "", "../x", "-rf", "é", "a" * 129, "a\n"])
def test_a_bad_id_is_refused_by_sender_and_receiver(bad):
    good = {"access": "a", "course": "c", "notebook": "n", "answer_to": "i"}
    with pytest.raises(ValueError, match="not the name of a student"):
        AccessRequested(student=bad, **good)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(good | {"student": bad}), type=AccessRequested)


def test_a_dot_in_an_id_does_not_split_the_subject():
    request = AccessRequested(access="a", course="py.v3", student="s", notebook="n", answer_to="i")
    assert request.address == "nbh.event.access.requested.py=v3"


def test_answers_of_an_inbox_are_told_apart():
    ready = AccessReady(about="a", capability="1", notebook="n.md")
    assert msgspec.json.decode(msgspec.json.encode(ready), type=AccessAnswer) == ready


def test_buckets_have_one_type_each():
    assert len({b.bucket for b in BUCKETS}) == len(BUCKETS)


def test_everything_said_can_be_imported_from_the_package():
    public = {t.__name__ for t in every_message()} - {"FindEvents"}
    assert public <= set(nbh_proto.__all__)

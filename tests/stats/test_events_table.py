"""What the table of events promises, on the embedded engine and on a server."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from nbh_kit.batching import Batch, Stored
from nbh_proto.stats import FindEvents, FindNotebooksUsed

STREAM = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
ANOTHER = STREAM + timedelta(days=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

HOSTILE = [
    "' OR 1=1 --",
    "'; DROP TABLE events; --",
    "\\",
    "\\'",
    "{course:String}",
    "a\nFORMAT Null",
    "é\t\x00\U0001f600",
    "",
]


def said(sequence, *, kind="lab.ready", at=None, **more):
    body = {"id": f"id{sequence}", "at": at or NOON + timedelta(seconds=sequence)} | more
    return Stored(sequence, f"nbh.event.{kind}.py", msgspec.json.encode(body))


def batch(*messages, stream=STREAM):
    return Batch(stream, list(messages))


async def sequences(events, **wanted):
    found = await events.find(FindEvents(**wanted))
    assert not found.error
    return [event.detail["n"] for event in found.events]


async def test_events_are_found_newest_first(events):
    await events.keep(batch(said(1, n=1), said(2, n=2), said(3, n=3)))
    assert await sequences(events) == [3, 2, 1]
    assert await sequences(events, limit=1) == [3]


async def test_an_event_comes_back_as_it_was(events):
    await events.keep(batch(said(1, course="py", student="ada", notebook="w1/é", way="pool")))
    (found,) = (await events.find(FindEvents())).events
    assert found.at == NOON + timedelta(seconds=1)
    assert (found.kind, found.course, found.student) == ("lab.ready", "py", "ada")
    assert (found.notebook, found.detail) == ("w1/é", {"way": "pool"})


async def test_events_are_found_by_course_student_and_kind(events):
    await events.keep(
        batch(
            said(1, n=1, course="py", student="ada"),
            said(2, n=2, course="py", student="bob"),
            said(3, n=3, course="web", student="ada", kind="lab.failed"),
        )
    )
    assert await sequences(events, only_course="py") == [2, 1]
    assert await sequences(events, only_student="ada") == [3, 1]
    assert await sequences(events, kind="lab.failed") == [3]
    assert await sequences(events, only_course="py", only_student="ada") == [1]
    assert await sequences(events, only_course="none") == []


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_is_asked_and_stored_is_data_and_never_sql(events, text):
    await events.keep(batch(said(1, n=1, student=text), said(2, n=2, student="ada")))
    wanted = [1] if text else [2, 1]
    assert await sequences(events, only_student=text) == wanted
    assert await sequences(events, only_student="ada") == [2]


async def test_the_table_knows_how_far_it_has_kept_a_stream(events):
    assert await events.kept(STREAM) == 0
    await events.keep(batch(said(1), said(2)))
    await events.keep(batch(said(3)))
    assert await events.kept(STREAM) == 3


async def test_a_stream_that_was_made_again_counts_from_one(events):
    await events.keep(batch(said(900, n=1)))
    assert await events.kept(ANOTHER) == 0
    await events.keep(batch(said(1, n=2), stream=ANOTHER))
    assert (await events.kept(STREAM), await events.kept(ANOTHER)) == (900, 1)
    assert sorted(await sequences(events)) == [1, 2]


async def test_the_same_event_said_twice_is_one_row(events):
    again = said(1, course="py", n=1)._replace(sequence=2)
    await events.keep(batch(said(1, course="py", n=1)))
    await events.keep(batch(again, said(3, n=3), said(4, n=4)))
    twice = said(5, n=5)
    await events.keep(batch(again._replace(sequence=4), twice, twice._replace(sequence=6)))
    assert await sequences(events) == [5, 4, 3, 1]


async def test_the_same_event_is_found_however_late_it_comes_again(events):
    late = said(1, n=1, at=NOON - timedelta(days=300, microseconds=1))
    await events.keep(batch(late))
    await events.keep(batch(*(said(n, n=n) for n in range(2, 200)), late._replace(sequence=200)))
    assert await sequences(events, limit=300) == [*range(199, 0, -1)]


async def test_what_can_be_no_row_is_refused_and_the_others_are_kept(events):
    bad = Stored(2, "nbh.event.lab.ready.py", b"junk")
    (refusal,) = await events.keep(batch(said(1, n=1), bad, said(3, n=3)))
    assert refusal.message == bad
    assert "cannot be decoded" in refusal.reason
    assert await sequences(events) == [3, 1]


async def test_a_batch_of_refusals_alone_is_no_trouble(events):
    bad = Stored(1, "nbh.event.lab.ready.py", b"junk")
    assert len(await events.keep(batch(bad))) == 1
    assert await sequences(events) == []


async def test_an_answer_fits_into_one_message(events):
    await events.keep(batch(*(said(n, n=n, text="x" * 10_000) for n in range(300))))
    found = (await events.find(FindEvents(limit=300))).events
    assert 50 < len(found) < 100
    assert len(msgspec.json.encode(found)) < 1024**2


async def test_a_table_that_cannot_be_read_is_told_in_the_answer(events, door):
    await door.use(lambda client: client.command("DROP TABLE events"))
    found = await events.find(FindEvents())
    assert "ClickHouse says" in found.error


async def test_notebooks_that_were_opened_are_found_with_their_students(events):
    def opened(sequence, notebook, student, at=NOON, **more):
        given = {"course": "py", "notebook": notebook, "student": student, "at": at} | more
        return said(sequence, kind="access.opened", **given)

    await events.keep(
        batch(
            opened(1, "a.md", "ada"),
            opened(2, "a.md", "ada", at=NOON + timedelta(days=1)),
            opened(3, "b.md", "bob"),
            opened(4, "a.md", "bob"),
            opened(5, "old.md", "ada", at=NOON - timedelta(days=1)),
            opened(6, "theirs.md", "ada", course="other"),
            said(7, kind="access.requested", course="py", notebook="asked.md", student="ada"),
        )
    )
    found = await events.used(FindNotebooksUsed(only_course="py", since=NOON))
    assert not found.error
    assert [(n.notebook, n.students, n.last) for n in found.notebooks] == [
        ("a.md", 2, NOON + timedelta(days=1)),
        ("b.md", 1, NOON),
    ]

"""Whoever begins to look at a bucket sees all of it, also while others write (on a real
nats-server)."""

import asyncio
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

import pytest

from nbh_kit import bus as buses
from nbh_kit.buckets import Bucket, Snapshot
from nbh_kit.gathering import Extent, Gathered
from nbh_proto import Lab

STUDENTS = [f"student-{n}" for n in range(5)]


def lab(student):
    given = {"state": "ready", "generation": 0, "capability": "1", "token": "t"}
    return Lab(node="n1", course="py", student=student, since=datetime.now(UTC), **given)


async def all_of(bus):
    async with aclosing(Bucket(bus, Lab).watch()) as changes:
        first = await anext(changes)
    assert isinstance(first, Snapshot)
    return first.all


@asynccontextmanager
async def written_all_the_time(bus, students):
    """Two writers that replace what stands under each key, as quickly as they can."""
    labs = Bucket(bus, Lab)

    async def write():
        while True:
            for student in students:
                await labs.put(student, lab(student))

    writers = [asyncio.create_task(write()) for _ in range(2)]
    try:
        yield
        assert not any(writer.done() for writer in writers)
    finally:
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)


async def test_all_is_seen_while_others_write(bus, nats_url):
    labs = Bucket(bus, Lab)
    for student in STUDENTS:
        await labs.put(student, lab(student))
    async with written_all_the_time(bus, STUDENTS), buses.connect(nats_url, name="r") as reader:
        for _ in range(100):
            assert sorted(await all_of(reader)) == STUDENTS


async def test_all_is_seen_of_more_than_the_client_holds_at_once(bus):
    labs = Bucket(bus, Lab)
    students = [f"student-{n}" for n in range(600)]
    revisions = [await labs.put(student, lab(student)) for student in students]
    for student, revision in list(zip(students, revisions, strict=True))[500:]:
        await labs.delete(student, revision)
    assert set(await all_of(bus)) == set(students[:500])


async def test_a_bucket_of_which_only_marks_of_deletions_are_left_is_empty(bus):
    labs = Bucket(bus, Lab)
    await labs.delete("ada", await labs.put("ada", lab("ada")))
    assert await all_of(bus) == {}


@pytest.mark.parametrize(
    ("came", "extent", "all_came"),
    [
        ({}, (0, 0), True),
        ({}, (9, 0), True),
        ({}, (9, 1), False),
        ({"ada": 3}, (9, 2), False),
        ({"ada": 3}, (3, 2), True),
        ({"ada": 3, "bob": 4}, (99, 2), True),
    ],
    ids=[
        "nothing was ever there",
        "all has gone",
        "nothing came",
        "one of two",
        "the last",
        "as many as there are, of older revisions",
    ],
)
def test_when_all_has_come(came, extent, all_came):
    gathered = Gathered[str]()
    for key, revision in came.items():
        gathered.put(key, revision, "value")
    assert gathered.reaches(Extent(*extent)) is all_came

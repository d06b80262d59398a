"""All tables are written down and taken back, by the engine and by a server (R-21)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from nbh_proto import AccessOpened
from nbh_proto.stats import RESTORED, StreamMoved
from nbh_stats import copying, migrations
from nbh_stats.forgetting import Forgetting
from nbh_stats.migrations import NewerSchema
from tests.stats.world import STREAM

BEGAN = datetime(2026, 1, 30, tzinfo=UTC)
MOVED = STREAM + timedelta(days=1)
TABLES = ("events", "students", "erased", "places")


def opened(number):
    return AccessOpened(
        access=str(number),
        course=f"course-{number % 3}",
        student=f"student-{number % 7}",
        notebook="é.md",
        way="pool",
        seconds=0.5,
        at=BEGAN + timedelta(hours=number),
    )


async def everything(door):
    """All that stands in any table, in no order."""
    texts = [
        await door.use(lambda c, t=t: c.raw_query(f"SELECT * FROM {t}", fmt="JSONEachRow"))
        for t in TABLES
    ]
    return [sorted(text.splitlines()) for text in texts]


def put_where_they_are_taken_from(folder, told):
    (folder / "export").rename(folder / RESTORED)
    (folder / RESTORED / "tables.json").write_bytes(msgspec.json.encode(told))


@pytest.fixture
async def filled(world):
    """Two months of events, and one student who was erased."""
    await world.say(*map(opened, range(200)))
    forgetting = Forgetting(None, world.door, world.students, world.live, 0)
    await forgetting.erase("student-6", BEGAN + timedelta(hours=100))
    await world.say(opened(201))
    return world


async def test_tables_come_back_as_they_were(filled, door, tmp_path):
    before = await everything(door)
    number = await filled.table("courses/course-0/students")
    told = await door.use(lambda client: copying.export(client, tmp_path / "export"))
    assert [file.file for file in told.files] == [
        "events-2026-01.native.gz",
        "events-2026-02.native.gz",
        "students.native.gz",
        "places.native.gz",
        "erased.native.gz",
    ]
    put_where_they_are_taken_from(tmp_path, told)
    await filled.say(opened(300))
    assert await everything(door) != before
    # broken off before, and begun again
    first = told.files[0]
    await door.use(
        lambda client: client.raw_insert(
            first.table,
            insert_block=copying._unpacked(tmp_path / RESTORED / first.file),
            fmt="Native",
        )
    )
    await door.use(lambda client: copying.take_back(client, tmp_path))
    assert await everything(door) == before
    assert await filled.table("courses/course-0/students") == number
    assert await filled.events.kept(STREAM) == 201
    assert await filled.events.kept(MOVED) == 0
    assert not (tmp_path / RESTORED).exists()
    # once, not at each start
    await filled.say(opened(300))
    after = await everything(door)
    await door.use(lambda client: copying.take_back(client, tmp_path))
    assert await everything(door) == after


async def test_a_month_that_is_over_is_the_same_file(filled, door, tmp_path):
    def january():
        return (tmp_path / "export" / "events-2026-01.native.gz").read_bytes()

    await door.use(lambda client: copying.export(client, tmp_path / "export"))
    first = january()
    await filled.say(opened(300))
    await door.use(lambda client: copying.export(client, tmp_path / "export"))
    assert january() == first


async def test_tables_of_a_later_release_are_refused(world, door, tmp_path):
    await world.say(opened(1))
    before = await everything(door)
    told = await door.use(lambda client: copying.export(client, tmp_path / "export"))
    later = msgspec.structs.replace(told, step=told.step + 1)
    put_where_they_are_taken_from(tmp_path, later)
    with pytest.raises(NewerSchema):
        await door.use(lambda client: copying.take_back(client, tmp_path))
    assert await everything(door) == before


async def test_a_stream_that_was_made_again_is_read_from_where_it_was(filled, door, tmp_path):
    told = await door.use(lambda client: copying.export(client, tmp_path / "export"))
    moved = (StreamMoved(was=STREAM, now=MOVED),)
    put_where_they_are_taken_from(tmp_path, msgspec.structs.replace(told, moved=moved))
    await door.use(lambda client: copying.take_back(client, tmp_path))
    assert await filled.events.kept(MOVED) == 201


async def test_empty_tables_are_written_down_too(door, tmp_path):
    await door.use(migrations.migrate)
    told = await door.use(lambda client: copying.export(client, tmp_path / "export"))
    put_where_they_are_taken_from(tmp_path, told)
    await door.use(lambda client: copying.take_back(client, tmp_path))
    assert await everything(door) == [[], [], [], []]

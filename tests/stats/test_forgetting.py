"""A student is erased, old events go, and neither comes back (S-55)."""

from datetime import UTC, datetime, timedelta

import msgspec

from nbh_kit.batching import Batch
from nbh_proto import AccessOpened, now
from nbh_stats import migrations
from nbh_stats.exclusion import Rules
from nbh_stats.forgetting import Forgetting
from nbh_stats.students import Students
from tests.stats.world import STREAM, World, stored

DAY = timedelta(days=1)


def opened(student, at=None, course="py"):
    return AccessOpened(
        access="a",
        course=course,
        student=student,
        notebook="n.md",
        way="pool",
        seconds=0.5,
        at=at or now(),
    )


def forgetting(world, keep_days=0):
    return Forgetting(None, world.door, world.students, world.live, keep_days)


async def everything(world):
    """All that stands in any table, as text."""
    tables = ("events", "students", "erased", "places")
    texts = [
        await world.door.use(lambda c, t=t: c.raw_query(f"SELECT * FROM {t}", fmt="JSONEachRow"))
        for t in tables
    ]
    return b"".join(texts).decode()


async def test_nothing_is_left_of_who_was_erased(world):
    await world.say(opened("ada"), opened("bob"), opened("ada", course="web"))
    gone = await forgetting(world).erase("ada", now())
    assert (sorted(gone.courses), gone.events) == (["py", "web"], 2)
    assert '"ada"' not in await everything(world)
    assert await world.table("courses/py/notebooks") == [
        {"notebook": "n", "students": 1, "opens": 1}
    ]


async def test_what_clickhouse_notes_of_its_changes_names_nobody(world):
    await world.say(opened("ada"))
    await forgetting(world).erase("ada", now())
    notes = "SELECT command FROM system.mutations WHERE table IN ('events', 'students')"
    noted = await world.door.use(lambda client: client.query(notes).result_rows)
    assert noted
    assert not [command for (command,) in noted if "ada" in command]


async def test_who_was_erased_does_not_come_back_from_the_stream(world):
    told = [opened("ada"), opened("bob"), opened("ada")]
    await world.say(*told)
    await forgetting(world).erase("ada", now())
    assert await world.events.kept(STREAM) == 3
    # the tables' newest rows went: a stream that is read again, and a start of the service
    world.students = Students()
    await world.door.use(world.students.load)
    again = World(world.door, students=world.students)
    await again.events.keep(Batch(STREAM, stored(told)))
    assert '"ada"' not in await everything(world)


async def test_who_was_erased_counts_again_from_then_on(world):
    await world.say(opened("ada"))
    await forgetting(world).erase("ada", now())
    await world.say(opened("ada", now() + timedelta(seconds=1)))
    assert (await world.table("courses/py/notebooks"))[0]["students"] == 1


async def test_a_test_student_who_is_new_when_another_was_erased_is_left_out(door):
    await door.use(migrations.migrate)
    world = World(door, Rules(test_students=("test-*",)))
    await world.say(opened("ada"), opened("test-1"))
    assert (await world.table("courses/py/notebooks"))[0]["students"] == 1
    await forgetting(world).erase("ada", now())
    await world.say(opened("test-2"))
    assert await world.table("courses/py/notebooks") == []


async def test_erasing_twice_and_whom_nobody_knows_is_fine(world):
    await world.say(opened("ada"))
    for student in ("ada", "ada", "nobody"):
        await forgetting(world).erase(student, now())
    assert '"ada"' not in await everything(world)


async def test_all_that_is_stored_of_a_student_is_handed_out(world):
    at = datetime(2026, 1, 2, 3, tzinfo=UTC)
    await world.say(opened("ada", at + DAY), opened("bob"), opened("ada", at, course="web"))
    lines = (await world.ask("students/ada/events.jsonl")).text.splitlines()
    found = [msgspec.json.decode(line) for line in lines]
    assert [(e["course"], e["at"]) for e in found] == [
        ("web", "2026-01-02T03:00:00.000000Z"),
        ("py", "2026-01-03T03:00:00.000000Z"),
    ]
    assert {e["student"] for e in found} == {"ada"}


async def test_what_is_older_than_the_site_keeps_goes(world):
    await world.say(opened("ada", now() - 31 * DAY), opened("bob", now() - 29 * DAY))
    await forgetting(world, keep_days=30).drop_what_is_old()
    assert '"ada"' not in await everything(world)
    assert (world.students.number("ada"), world.students.number("bob")) == (0, 2)
    assert await world.events.kept(STREAM) == 2
    assert len(await world.table("courses/py/students")) == 1


async def test_without_a_limit_everything_stays(world):
    await world.say(opened("ada", datetime(1999, 1, 1, tzinfo=UTC)))
    await forgetting(world).drop_what_is_old()
    assert len(await world.table("courses/py/students")) == 1

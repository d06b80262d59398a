"""The tables are made in numbered steps, each once."""

from datetime import UTC, datetime

import msgspec
import pytest

from nbh_proto import (
    AccessFailed,
    AccessOpened,
    LabSampled,
    LabStopped,
    LabThawed,
    NodeSampled,
)
from nbh_proto.sample import Counts, Disk, NodeMeasured
from nbh_stats import rows, steps
from nbh_stats.migrations import NewerSchema, migrate
from nbh_stats.numbers import ALL as ALL_NUMBERS
from nbh_stats.steps import Migration
from tests.stats.world import STREAM, World, stored

ADD = "ALTER TABLE events ADD COLUMN IF NOT EXISTS hue String"
OLDER = ("stream", "sequence", "at", "kind", "course", "student", "notebook", "id", "detail")
KNOWN = ("id", "at", "course", "student", "notebook")
ROWS = "JSONCompactEachRow"
NEXT = len(steps.ALL) + 1


async def numbers(door):
    rows = await door.use(lambda c: c.query("SELECT number FROM migrations").result_rows)
    return sorted(number for (number,) in rows)


async def test_migrating_twice_changes_nothing(door):
    await door.use(migrate)
    await door.use(migrate)
    assert await numbers(door) == [step.number for step in steps.ALL]


async def test_a_new_step_is_taken_on_tables_that_are_there(door):
    await door.use(migrate)
    more = (*steps.ALL, Migration(NEXT, "node", (ADD,)))
    await door.use(lambda client: migrate(client, more))
    assert await numbers(door) == list(range(1, NEXT + 1))
    await door.use(lambda client: client.command("SELECT hue FROM events"))


async def test_a_step_that_was_interrupted_is_taken_again(door):
    await door.use(migrate)
    await door.use(lambda client: client.command(ADD))  # done, and killed before it was noted
    more = (*steps.ALL, Migration(NEXT, "node", (ADD,)))
    await door.use(lambda client: migrate(client, more))
    assert await numbers(door) == list(range(1, NEXT + 1))


async def test_tables_of_a_later_release_are_refused(door):
    more = (*steps.ALL, Migration(NEXT, "node", (ADD,)))
    await door.use(lambda client: migrate(client, more))
    with pytest.raises(NewerSchema, match=f"are at step {NEXT}, this release knows {NEXT - 1}"):
        await door.use(migrate)


def test_steps_are_numbered_from_one_without_gaps():
    assert [step.number for step in steps.ALL] == list(range(1, len(steps.ALL) + 1))


def told():
    """Events of a release that had one column for all that numbers are made of."""
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    counts = Counts(running=3, frozen=1, pooled=2, kernels=4, students=9)
    disk = Disk(free_percent=50.0, free_mib=100)
    machine = NodeMeasured(
        **{"load1": 1.5, "load5": 1.0, "load15": 0.5, "data_disk": disk},
        **{"memory_total": 900, "memory_free": 300, "memory_available": 400},
    )
    click = {"access": "a", "course": "py", "notebook": "w1/n1.md", "at": at}
    lab = {"node": "n1", "course": "py", "student": "ada", "generation": 7, "at": at}
    return (
        AccessOpened(**click, student="ada", way="pool", seconds=0.5),
        AccessOpened(**click, student="bob", way="cold", seconds=2.0),
        AccessFailed(**click, student="bob", reason="lab-slow"),
        LabThawed(**lab, by="click", seconds=0.1, frozen_seconds=60.0),
        LabStopped(**lab, reason="idle"),
        LabSampled(**lab, state="ready", busy=True, cpu_seconds=4.5, memory=1000, disk=500),
        NodeSampled(node="n1", machine=machine, total=counts, courses={"py": counts}, at=at),
    )


async def fill_older_tables(door):
    await door.use(lambda client: migrate(client, steps.ALL[:1]))
    for event in stored(told()):
        said = msgspec.json.decode(event.data)
        detail = {k: v for k, v in said.items() if k not in KNOWN}
        row = [STREAM.isoformat(), event.sequence, said["at"], rows.kind_of(event.subject)]
        row += [said.get(key, "") for key in ("course", "student", "notebook", "id")]
        line = msgspec.json.encode([*row, msgspec.json.encode(detail).decode()])
        for _ in range(2):  # that release left doubles to a merge
            await door.use(lambda c, line=line: c.raw_insert("events", OLDER, line, fmt=ROWS))


async def every_number(world):
    paths = {"course": "courses/py/{}", "node": "nodes/n1/{}", "site": "{}"}
    return {
        (n.about, n.name): await world.table(paths[n.about].format(n.name)) for n in ALL_NUMBERS
    }


STATEMENTS = len(steps.ALL[1].statements)


@pytest.mark.parametrize("killed_after", [0, 4, STATEMENTS - 1, STATEMENTS])
async def test_what_is_in_older_tables_is_counted_as_if_it_were_told_today(door, killed_after):
    await fill_older_tables(door)
    for statement in steps.ALL[1].statements[:killed_after]:
        await door.use(lambda client, sql=statement: client.command(sql))
    await door.use(migrate)
    older = World(door)
    await door.use(older.students.load)
    found = await every_number(older)
    assert await older.events.kept(STREAM) == len(told())
    for table in ("events", "students"):
        await door.use(lambda client, name=table: client.command(f"TRUNCATE TABLE {name}"))
    today = World(door)
    await today.say(*told())
    assert found == await every_number(today)
    assert found["course", "usage"][0]["cpu_seconds"] == 4.5

"""The tables are made in numbered steps, each once."""

import pytest

from nbh_stats import migrations
from nbh_stats.migrations import Migration, NewerSchema, migrate

ADD = "ALTER TABLE events ADD COLUMN IF NOT EXISTS hue String"
NEXT = len(migrations.ALL) + 1


async def numbers(door):
    rows = await door.use(lambda c: c.query("SELECT number FROM migrations").result_rows)
    return sorted(number for (number,) in rows)


async def test_migrating_twice_changes_nothing(door):
    await door.use(migrate)
    await door.use(migrate)
    assert await numbers(door) == [step.number for step in migrations.ALL]


async def test_a_new_step_is_taken_on_tables_that_are_there(door):
    await door.use(migrate)
    steps = (*migrations.ALL, Migration(NEXT, "node", (ADD,)))
    await door.use(lambda client: migrate(client, steps))
    assert await numbers(door) == list(range(1, NEXT + 1))
    await door.use(lambda client: client.command("SELECT hue FROM events"))


async def test_a_step_that_was_interrupted_is_taken_again(door):
    await door.use(migrate)
    await door.use(lambda client: client.command(ADD))  # done, and killed before it was noted
    steps = (*migrations.ALL, Migration(NEXT, "node", (ADD,)))
    await door.use(lambda client: migrate(client, steps))
    assert await numbers(door) == list(range(1, NEXT + 1))


async def test_tables_of_a_later_release_are_refused(door):
    steps = (*migrations.ALL, Migration(NEXT, "node", (ADD,)))
    await door.use(lambda client: migrate(client, steps))
    with pytest.raises(NewerSchema, match=f"are at step {NEXT}, this release knows {NEXT - 1}"):
        await door.use(migrate)


def test_steps_are_numbered_from_one_without_gaps():
    assert [step.number for step in migrations.ALL] == list(range(1, len(migrations.ALL) + 1))

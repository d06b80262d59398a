"""Numbers of large courses are read from sums, not from every row (ADR 28)."""

from datetime import UTC, datetime, timedelta

import pytest

from nbh_proto import AccessOpened
from nbh_stats import numbers, reading, summing
from nbh_stats.asked import Asked
from nbh_stats.reading import Place
from nbh_stats.summing import Whole

SUMS = {
    "notebooks": {"by_week_and_notebook"},
    "notebooks-per-student": {"by_week_and_notebook"},
    "funnel": {"by_week_and_notebook"},
    "summary": {"by_week_and_notebook", "by_student"},
    "students-by-day": {"by_quarter"},
    "hours": {"by_quarter"},
    "return-visits": {"by_quarter"},
    "growth": {"by_student"},
}
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def opened(n):
    given = {"access": "a", "course": "py", "way": "pool", "seconds": 0.5}
    at = NOON + n * timedelta(minutes=10)
    return AccessOpened(**given, student=f"s{n % 30}", notebook=f"n{n % 7}.md", at=at)


@pytest.fixture
async def world(world):
    await world.say(*map(opened, range(20_000)))
    return world


async def read(world, name, asked):
    """What ClickHouse would read for a number of a course."""
    number = numbers.find("course", name)
    given = reading._parameters(number, Place(course="py", left_out=[1]), asked)
    plan = await world.door.use(
        lambda c: c.query(f"EXPLAIN {number.statement}", parameters=given).result_rows
    )
    lines = (line for (line,) in plan if "ReadFromMergeTree" in line)
    return {line.partition("(")[2].rstrip(")") for line in lines}


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("since", [Asked().since, NOON + timedelta(days=1)])
async def test_sums_are_read_where_there_are_any(world, name, since):
    asked = Asked(since=since, until=NOON + timedelta(days=30), zone="Europe/Paris")
    assert await read(world, name, asked) >= SUMS[name]


async def test_rows_of_the_staff_are_found_by_student(world):
    assert "rows_by_student" in await read(world, "notebooks", Asked())


def test_a_range_has_whole_quarters_and_what_is_left():
    since, until = NOON + timedelta(minutes=1), NOON + timedelta(minutes=50)
    whole = summing.whole_quarters(since, until)
    assert whole == Whole(NOON + timedelta(minutes=15), NOON + timedelta(minutes=45))
    short = summing.whole_quarters(since, NOON + timedelta(minutes=29))
    assert short.begin == short.end == NOON + timedelta(minutes=29)

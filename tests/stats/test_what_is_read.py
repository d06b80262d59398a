"""Numbers of large courses are read from sums, not from every row (ADR 28)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from nbh_proto import AccessOpened, LabSampled, NodeSampled
from nbh_proto.sample import Counts, Disk, NodeMeasured
from nbh_stats import numbers, reading, summing
from nbh_stats.asked import Asked
from nbh_stats.reading import Place
from nbh_stats.summing import Whole

SUMS = {
    "notebooks": {"opens_by_week_and_notebook"},
    "notebooks-per-student": {"opens_by_week_and_notebook"},
    "funnel": {"opens_by_week_and_notebook"},
    "summary": {"opens_by_week_and_notebook", "first_opens", "opens_by_week_and_pace"},
    "notebooks-over-time": {"opens_by_week_and_notebook"},
    "starts": {"opens_by_week_and_pace"},
    "labs": {"machines_by_day"},
    "counts": {"machines_by_day"},
    "usage": {"labs"},
    "students-by-day": {"opens_by_quarter"},
    "hours": {"opens_by_quarter"},
    "return-visits": {"opens_by_quarter"},
    "growth": {"first_opens"},
}
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def opened(n):
    given = {"access": "a", "course": "py", "way": "pool", "seconds": 0.5}
    at = NOON + n * timedelta(minutes=10)
    return AccessOpened(**given, student=f"s{n % 30}", notebook=f"n{n % 7}.md", at=at)


def lab_sampled(n):
    lab = {"node": "n1", "course": "py", "student": f"s{n % 30}", "generation": n // 3000}
    used = {"cpu_seconds": 1.0, "memory": 10**8, "disk": 10**6}
    at = NOON + n * timedelta(minutes=10)
    return LabSampled(**lab, **used, state="ready", busy=False, at=at)


def node_sampled(n):
    counts = Counts(running=n % 9, frozen=1, pooled=2, kernels=4, students=9)
    disk = Disk(free_percent=50.0, free_mib=100)
    machine = NodeMeasured(
        **{"load1": 1.5, "load5": 1.0, "load15": 0.5, "data_disk": disk},
        **{"memory_total": 900, "memory_free": 300, "memory_available": 400},
    )
    at = NOON + n * timedelta(minutes=10)
    return NodeSampled(node="n1", machine=machine, courses={"py": counts}, total=counts, at=at)


@pytest.fixture
async def world(world):
    for event in (opened, lab_sampled, node_sampled):
        await world.say(*map(event, range(20_000)))
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


async def test_sums_are_read_where_there_are_any(world):
    week = timedelta(days=7)
    for name, since in product(SUMS, (Asked().since, NOON + timedelta(days=1))):
        asked = Asked(since=since, until=NOON + 9 * week, zone="Europe/Paris", step=_seconds(week))
        assert await read(world, name, asked) >= SUMS[name], (name, since)


async def test_rows_of_the_staff_are_found_by_student(world):
    assert "opens_by_student" in await read(world, "notebooks", Asked())


def test_a_range_has_whole_quarters_and_what_is_left():
    quarters = summing.SPANS["quarters"]
    since, until = NOON + timedelta(minutes=1), NOON + timedelta(minutes=50)
    whole = quarters.whole(since, until)
    assert whole == Whole(NOON + timedelta(minutes=15), NOON + timedelta(minutes=45))
    short = quarters.whole(since, NOON + timedelta(minutes=29))
    assert short.begin == short.end == NOON + timedelta(minutes=29)


def test_weeks_begin_on_mondays():
    weeks = summing.SPANS["weeks"]
    whole = weeks.whole(NOON, NOON + timedelta(days=14))
    monday = datetime(2026, 3, 9, tzinfo=UTC)
    assert whole == Whole(monday, monday + timedelta(days=7))
    assert weeks.number(whole.end) == weeks.number(NOON) + 2


def test_a_step_that_cuts_up_what_is_summed_is_read_as_rows():
    days, until = summing.SPANS["days"], NOON + timedelta(days=9)
    assert days.whole(NOON, until, step=_seconds(timedelta(hours=6))) == Whole(until, until)
    assert days.whole(NOON, until, step=_seconds(timedelta(days=7))) == days.whole(NOON, until)


def _seconds(time):
    return round(time.total_seconds())

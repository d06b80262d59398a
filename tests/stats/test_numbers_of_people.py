"""Each number of a course's students is as one counts it by hand (T3, T5 to T10)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nbh_proto import AccessOpened
from tests.stats import small_course

PARIS = {"tz": "Europe/Paris"}
SECOND_WEEK = {"from": "2026-01-12", "to": "2026-01-18", **PARIS}


@pytest.fixture
async def world(door):
    return await small_course.told(door)


async def rows(world, name, **query):
    return [tuple(row.values()) for row in await world.table(f"courses/py/{name}", **query)]


async def test_students_of_each_notebook_without_the_staff(world):
    assert await rows(world, "notebooks") == [("w1/a", 3, 4), ("w1/b", 2, 2), ("w2/c", 1, 1)]
    assert await rows(world, "notebooks", **SECOND_WEEK) == [("w1/a", 2, 2), ("w2/c", 1, 1)]


async def test_a_range_has_its_first_instant_and_not_its_last(world):
    since, until = "2026-01-05T09:00:00Z", "2026-01-05T22:30:00Z"
    found = await rows(world, "notebooks", **{"from": since, "to": until})
    assert found == [("w1/a", 1, 1), ("w1/b", 1, 1)]


async def test_everyone_is_there_if_that_is_asked_for(world):
    assert await rows(world, "notebooks", everyone="true") == [
        ("w1/a", 5, 6),
        ("w1/b", 2, 2),
        ("w1/z", 1, 1),
        ("w2/c", 1, 1),
    ]


async def test_who_joins_the_staff_is_left_out_of_yesterday_too(world):
    world.registered.groups["tutors"] = ("tim", "ada")
    assert await rows(world, "notebooks") == [("w1/a", 2, 2), ("w1/b", 1, 1)]
    world.registered.groups["tutors"] = ()
    assert ("w1/z", 1, 1) in await rows(world, "notebooks")


async def test_how_many_are_left_out_is_said(world):
    answer = (await world.ask("courses/py/notebooks.json")).json()
    assert answer["left_out"] == 3


async def test_notebooks_grow_over_time(world):
    assert await rows(world, "notebooks-over-time", step="1d") == [
        ("2026-01-06T00:00:00Z", "w1/a", 2),
        ("2026-01-06T00:00:00Z", "w1/b", 2),
        ("2026-01-13T00:00:00Z", "w2/c", 1),
        ("2026-01-15T00:00:00Z", "w1/a", 3),
    ]
    assert await rows(world, "notebooks-over-time", step="6h", to="2026-01-05") == [
        ("2026-01-05T12:00:00Z", "w1/a", 1),
        ("2026-01-05T12:00:00Z", "w1/b", 1),
        ("2026-01-06T00:00:00Z", "w1/a", 2),
    ]


async def test_a_step_of_a_week_begins_on_a_monday(world):
    assert await rows(world, "notebooks-over-time", step="7d") == [
        ("2026-01-12T00:00:00Z", "w1/a", 2),
        ("2026-01-12T00:00:00Z", "w1/b", 2),
        ("2026-01-19T00:00:00Z", "w1/a", 3),
        ("2026-01-19T00:00:00Z", "w2/c", 1),
    ]


async def test_how_many_students_opened_so_many_notebooks(world):
    assert await rows(world, "notebooks-per-student") == [(1, 1), (2, 1), (3, 1)]


async def test_students_by_day_of_the_course_s_time_zone(world):
    quiet = [(f"2026-01-{day:02}", 0, 0, 2) for day in range(7, 12)]
    assert await rows(world, "students-by-day") == [
        ("2026-01-05", 2, 2, 2),
        ("2026-01-06", 1, 0, 2),
        *quiet,
        ("2026-01-12", 1, 0, 2),
        ("2026-01-13", 0, 0, 2),
        ("2026-01-14", 2, 1, 3),
    ]
    in_utc = await rows(world, "students-by-day", tz="UTC")
    assert in_utc[:2] == [("2026-01-05", 2, 2, 2), ("2026-01-06", 0, 0, 2)]


async def test_who_came_before_the_range_is_not_new_in_it(world):
    assert await rows(world, "students-by-day", **SECOND_WEEK) == [
        ("2026-01-12", 1, 0, 2),
        ("2026-01-13", 0, 0, 2),
        ("2026-01-14", 2, 1, 3),
    ]


async def test_notebooks_by_day(world):
    quiet = [(f"2026-01-{day:02}", 0, 0, 2) for day in range(7, 12)]
    assert await rows(world, "notebooks-by-day") == [
        ("2026-01-05", 2, 2, 2),
        ("2026-01-06", 1, 0, 2),
        *quiet,
        ("2026-01-12", 1, 1, 3),
        ("2026-01-13", 0, 0, 3),
        ("2026-01-14", 1, 0, 3),
    ]


async def test_the_instants_at_which_a_student_or_a_notebook_was_new(world):
    assert await rows(world, "growth") == [
        ("2026-01-05T09:00:00Z", 1, 1),
        ("2026-01-05T09:30:00Z", 1, 2),
        ("2026-01-05T22:30:00Z", 2, 2),
        ("2026-01-12T09:00:00Z", 2, 3),
        ("2026-01-14T10:00:00Z", 3, 3),
    ]


async def test_the_map_has_who_opened_most_first(world):
    cells = [
        ("ada", "w1/a", 2, 4),
        ("ada", "w1/b", 1, 4),
        ("ada", "w2/c", 1, 4),
        ("bob", "w1/a", 1, 2),
        ("bob", "w1/b", 1, 2),
        ("cleo", "w1/a", 1, 1),
    ]
    assert await rows(world, "map") == cells
    assert await rows(world, "map", limit="2") == cells[:5]


async def test_who_opened_how_much(world):
    found = await rows(world, "students")
    assert [row[:3] for row in found] == [("ada", 3, 4), ("bob", 2, 2), ("cleo", 1, 1)]
    assert [datetime.fromisoformat(at) for at in found[0][3:]] == [
        datetime(2026, 1, 5, 9, tzinfo=UTC),
        datetime(2026, 1, 14, 10, 10, tzinfo=UTC),
    ]


async def test_hours_of_the_week_are_the_course_s(world):
    assert await rows(world, "hours") == [
        *((1, 10, 3), (1, 23, 1)),
        *((2, 0, 1), (3, 11, 2)),
    ]


async def test_who_came_again_in_later_weeks(world):
    assert await rows(world, "return-visits") == [
        ("2026-01-05", 0, 2),
        ("2026-01-05", 1, 1),
        ("2026-01-12", 0, 1),
    ]


async def test_who_came_again_is_not_new_in_a_later_range(world):
    assert await rows(world, "return-visits", **SECOND_WEEK) == [("2026-01-12", 0, 1)]
    assert await rows(world, "growth", **SECOND_WEEK) == [
        ("2026-01-12T09:00:00Z", 2, 3),
        ("2026-01-14T10:00:00Z", 3, 3),
    ]


async def test_where_students_stop_in_the_track_s_order(world):
    funnel = [
        (1, "one", "w1/a", "w1/a", 3, 3, 1),
        (2, "one", "w1/b", "w1/b", 2, 2, 1),
        (3, "two", "w2/c", "w2/c", 1, 1, 1),
        (4, "two", "w2/d", "w2/d", 0, 0, 0),
    ]
    assert await rows(world, "funnel") == funnel
    assert await rows(world, "funnel", track="t") == funnel


async def test_all_courses_at_one_look(world):
    world.register("other", staff=("ada",))
    found = [(r["course"], r["students"], r["opens"]) for r in await world.table("courses")]
    assert found == [("other", 4, 5), ("py", 3, 7)]
    days = [tuple(row.values()) for row in await world.table("courses-by-day")]
    assert [row for row in days if row[0] == "py"] == [
        ("py", "2026-01-05", 2),
        ("py", "2026-01-12", 1),
        ("py", "2026-01-14", 2),
    ]


async def test_a_day_of_23_hours_is_a_day(world):
    """The clocks of Paris go forward on 29 March 2026 at 01:00 UTC."""
    begin = datetime(2026, 3, 28, 23, tzinfo=UTC)
    for hours in range(23):
        at = begin + timedelta(hours=hours)
        await world.say(AccessOpened(**_click(at)))
    found = await rows(world, "students-by-day", **{"from": "2026-03-29", "to": "2026-03-29"})
    assert found == [(date(2026, 3, 29).isoformat(), 1, 0, 3)]
    opens = await rows(world, "hours", **{"from": "2026-03-29", "to": "2026-03-29"})
    assert opens == [(7, hour, 1) for hour in range(24) if hour != 2]


def _click(at):
    given = {"access": "a", "course": "py", "student": "ada", "notebook": "w1/a.md"}
    return given | {"way": "running", "seconds": 0.1, "at": at}

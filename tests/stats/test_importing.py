"""What nbhosting 0.59 counted is taken over, once (T1, T2)."""

from nbh_proto.stats import ImportLines
from nbh_stats.importing import Importing
from tests.stats.world import STREAM

EVENTS = (
    "2023-03-04T05:06:07 python ada w1/n1 created 8888",
    "2023-03-04T05:06:07 python ada w1/n1 created 8888",
    "2023-03-04T05:06:08 python bob w1/n1 existing 8889",
    "2023-03-04T05:06:09 python bob - killing -",
    "nonsense",
    "2024-03-04T05:06:08 python bob w1/n2 existing 8889",
)
COUNTED = "2023-03-04T05:06:07 3 1 4 250 150 100 50 40 2048 30 1024 20 512 8000 4000 6000 9 12"


async def imported(world, lines, file="events", course="", first=1):
    importing = Importing(world.door, world.students, world.live)
    given = ImportLines(file=file, only_course=course, first=first, lines=tuple(lines))
    return await importing.lines(given)


async def test_lines_are_counted_like_anything_else(world):
    told = await imported(world, EVENTS)
    assert (told.stored, told.known, told.passed_over) == (4, 0, 1)
    assert [(bad.line, bad.why) for bad in told.unreadable] == [(5, "has 1 words, not 6")]
    assert await world.table("courses/python/notebooks") == [
        {"notebook": "w1/n1", "students": 2, "opens": 3},
        {"notebook": "w1/n2", "students": 1, "opens": 1},
    ]


async def test_a_second_time_nothing_is_doubled_and_what_is_new_is_added(world):
    await imported(world, EVENTS)
    told = await imported(world, EVENTS)
    assert (told.stored, told.known) == (0, 4)
    more = (*EVENTS, "2024-03-04T05:06:09 python eve w1/n2 existing 1")
    told = await imported(world, more)
    assert (told.stored, told.known) == (1, 4)
    assert (await world.table("courses/python/notebooks"))[1]["students"] == 2


async def test_old_clicks_have_no_duration_and_spoil_none(world):
    await imported(world, EVENTS)
    assert await world.table("courses/python/starts") == []


async def test_counts_are_shown_as_samples(world):
    told = await imported(world, [COUNTED, "# x", COUNTED + " 1"], file="counts", course="python")
    assert (told.stored, told.passed_over, len(told.unreadable)) == (1, 1, 1)
    (row,) = await world.table("courses/python/labs", step="5m")
    assert row == {
        "at": "2023-03-04T05:05:00Z",
        **{"running": 3, "frozen": 1, "pooled": 0, "kernels": 4, "students": 250},
        **{"all_running": 9, "all_frozen": 0, "all_pooled": 0, "all_kernels": 12},
        "all_students": 0,
    }
    (machine,) = await world.table("nodes/nbhosting-0.59/machine", step="5m")
    assert (machine["load1"], machine["system_free_mib"]) == (1.5, 512)


async def test_the_machine_of_two_courses_files_is_there_once(world):
    await imported(world, [COUNTED], file="counts", course="python")
    told = await imported(world, [COUNTED], file="counts", course="web")
    assert told.stored == 1
    (row,) = await world.table("courses/web/labs", step="5m")
    assert row["all_running"] == 9


async def test_a_start_of_the_service_does_not_take_them_for_its_stream(world):
    await imported(world, EVENTS)
    assert await world.events.kept(STREAM) == 0

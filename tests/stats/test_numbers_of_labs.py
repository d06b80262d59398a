"""What became of clicks and labs, and what machines used, as one counts it by hand (T2, T11, T12,
T14)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from nbh_kit.batching import Batch, Stored
from nbh_proto import (
    AccessFailed,
    AccessOpened,
    AccessRefused,
    LabFailed,
    LabSampled,
    LabStopped,
    LabThawed,
    NodeSampled,
    NotebookReset,
    new_id,
)
from nbh_proto.sample import Counts, Disk, NodeMeasured
from tests.stats.world import STREAM

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GIB = 1024**3


@pytest.fixture
async def world(world):
    world.register("py", staff=("prof",))
    return world


async def rows(world, path, **query):
    return [tuple(row.values()) for row in await world.table(path, **query)]


def click(student="ada", notebook="w1/a.md", at=NOON):
    return {"access": "a", "course": "py", "student": student, "notebook": notebook, "at": at}


def lab(student="ada", generation=1, at=NOON, node="n1"):
    given = {"course": "py", "student": student, "generation": generation}
    return given | {"node": node, "at": at}


def opened(way, seconds, at=NOON):
    return AccessOpened(**click(at=at), way=way, seconds=seconds)


async def test_starts_by_way_with_their_percentiles(world):
    """Of 1 to 100 ms half are not above 50, 95 not above 95, 99 not above 99."""
    await world.say(*(opened("running", n / 1000) for n in range(100, 0, -1)))
    await world.say(opened("cold", 2.0), opened("cold", 4.0), opened("thawed", 0.003))
    found = {way: (n, *p) for way, n, *p in await rows(world, "courses/py/starts")}
    assert list(found) == ["all", "cold", "running", "thawed"]
    about = pytest.approx
    assert found["running"] == (100, about(0.05, 0.01), about(0.095, 0.01), about(0.099, 0.01))
    assert found["cold"] == (2, about(2, 0.01), about(4, 0.01), about(4, 0.01))
    assert found["thawed"] == (1, *[about(0.003, 0.01)] * 3)
    assert found["all"] == (103, about(0.051, 0.01), about(0.097, 0.01), about(2, 0.01))


async def test_starts_by_day(world):
    await world.say(opened("pool", 0.1), opened("pool", 0.1), opened("pool", 0.3))
    await world.say(opened("cold", 2.0, NOON + timedelta(days=2)))
    found = await rows(world, "courses/py/starts-by-day")
    assert [(day, n) for day, n, *_ in found] == [("2026-01-05", 3), ("2026-01-07", 1)]
    assert found[0][2:] == (pytest.approx(0.1, 0.01), *[pytest.approx(0.3, 0.01)] * 2)


async def test_thaws_by_what_thawed(world):
    thawed = {"seconds": 0.004, "frozen_seconds": 60.0}
    await world.say(LabThawed(**lab(), by="click", **thawed))
    await world.say(*(LabThawed(**lab(), by="request", **thawed) for _ in range(3)))
    found = await rows(world, "courses/py/thaws")
    assert [row[:3] for row in found] == [
        ("click", 1, pytest.approx(0.004, 0.01)),
        ("request", 3, pytest.approx(0.004, 0.01)),
    ]


async def test_failures_by_reason(world):
    late = NOON + MINUTE
    await world.say(
        AccessFailed(**click("ada"), reason="lab-slow"),
        AccessFailed(**click("ada", at=late), reason="lab-slow"),
        AccessFailed(**click("bob"), reason="lab-slow"),
        AccessFailed(**click("bob"), reason="disk-full"),
        AccessRefused(**click("eve"), reason="signature"),
        LabFailed(**lab("ada"), reason="lab-slow"),
        LabFailed(**lab("bob"), reason="lab-slow"),
    )
    found = await rows(world, "courses/py/failures")
    assert [row[:4] for row in found] == [
        ("failed", "lab-slow", 3, 2),
        ("lab", "lab-slow", 2, 2),
        ("failed", "disk-full", 1, 1),
        ("refused", "signature", 1, 1),
    ]
    assert datetime.fromisoformat(found[0][4]) == late


async def test_stops_by_reason(world):
    for student, reason in (("ada", "idle"), ("ada", "idle"), ("bob", "idle"), ("bob", "died")):
        await world.say(LabStopped(**lab(student), reason=reason))
    assert await rows(world, "courses/py/stops") == [("idle", 3, 2), ("died", 1, 1)]


async def test_resets_and_shares_by_notebook_without_the_staff(world):
    for student, notebook in (
        *(("ada", "w1/a.md"), ("ada", "w1/a.md"), ("bob", "w1/a.py")),
        *(("bob", "w1/b.md"), ("prof", "w1/b.md")),
    ):
        given = {"course": "py", "student": student, "notebook": notebook, "at": NOON}
        await world.say(NotebookReset(**given, commit="c", kept_as=""))
        await share(world, **given)
    expected = [("w1/a", 3, 2), ("w1/b", 1, 1)]
    assert await rows(world, "courses/py/resets") == expected
    assert await rows(world, "courses/py/shares") == expected


async def share(world, **given):
    """As whoever tells of it will: a `notebook.shared`."""
    data = msgspec.json.encode({"id": new_id(), **given})
    event = Stored(1000, "nbh.event.notebook.shared.py", data)
    assert not await world.events.keep(Batch(STREAM, [event]))


async def test_a_course_on_one_line(world):
    week = timedelta(days=7)
    await world.say(
        *(AccessOpened(**click(who, at=NOON), way="pool", seconds=0.1) for who in ("ada", "prof")),
        AccessOpened(**click("ada", at=NOON + week), way="pool", seconds=0.2),
        AccessOpened(**click("bob", "w1/b.md", NOON + week), way="cold", seconds=2.0),
        AccessFailed(**click("bob", at=NOON + week), reason="lab-slow"),
        AccessFailed(**click("prof", at=NOON + week), reason="lab-slow"),
        NotebookReset(
            course="py", student="ada", notebook="a.md", commit="", kept_as="", at=NOON + week
        ),
    )
    (row,) = await world.table("courses/py/summary", **{"from": "2026-01-10"})
    assert datetime.fromisoformat(row.pop("last")) == NOON + week
    assert row == {
        **{"students": 2, "new": 1, "notebooks": 2, "opens": 2, "failures": 1, "resets": 1},
        **{"p50": pytest.approx(0.2, 0.01), "p95": pytest.approx(2.0, 0.01)},
    }


def machine(load, free):
    disk = Disk(free_percent=free / 10, free_mib=free)
    return NodeMeasured(
        **{"load1": load, "load5": load / 2, "load15": load / 4},
        **{"memory_total": 8 * GIB, "memory_free": free, "memory_available": 2 * free},
        **{"data_disk": disk, "system_disk": disk},
    )


def sampled(at, node, here, everywhere, load=1.0, free=500):
    return NodeSampled(
        node=node, machine=machine(load, free), total=everywhere, courses={"py": here}, at=at
    )


def counts(running, frozen=0, kernels=0, students=0, pooled=0):
    return Counts(
        running=running, frozen=frozen, kernels=kernels, students=students, pooled=pooled
    )


@pytest.fixture
async def machines(world):
    """Two of them, sampled each minute; five minutes are a step."""
    await world.say(
        sampled(NOON, "n1", counts(3, 1, 4, 9), counts(10, 2, 12, 20, 1), 1.5, 400),
        sampled(NOON + MINUTE, "n1", counts(5, 0, 3, 9), counts(8, 3, 14, 21, 0), 0.5, 300),
        sampled(NOON + MINUTE, "n2", counts(2, 2, 2, 4), counts(2, 2, 2, 4, 3), 4.0, 700),
        sampled(NOON + 5 * MINUTE, "n1", counts(1, 0, 1, 9), counts(1, 0, 1, 9), 0.25, 350),
    )
    return world


async def test_labs_and_kernels_over_time(machines):
    """The most of each machine in the step, and these together."""
    assert await rows(machines, "courses/py/labs", step="5m") == [
        ("2026-01-05T12:00:00Z", 7, 3, 0, 6, 13, 12, 5, 4, 16, 25),
        ("2026-01-05T12:05:00Z", 1, 0, 0, 1, 9, 1, 0, 0, 1, 9),
    ]
    assert await rows(machines, "nodes/n1/labs", step="5m") == [
        ("2026-01-05T12:00:00Z", 10, 3, 1, 14, 21),
        ("2026-01-05T12:05:00Z", 1, 0, 0, 1, 9),
    ]


async def test_load_memory_and_disks_of_a_machine_at_their_worst(machines):
    first, second = await machines.table("nodes/n1/machine", step="5m")
    assert first == {
        **{"at": "2026-01-05T12:00:00Z", "load1": 1.5, "load5": 0.75, "load15": 0.375},
        **{"memory_total": 8 * GIB, "memory_free": 300, "memory_available": 600},
        **{"data_free_percent": 30, "data_free_mib": 300},
        **{"containers_free_percent": None, "containers_free_mib": None},
        **{"system_free_percent": 30, "system_free_mib": 300},
    }
    assert (second["load1"], second["memory_free"]) == (0.25, 350)


async def test_what_the_original_s_monitor_counted_under_its_names(machines):
    first, second = await machines.table("courses/py/counts", step="5m")
    assert first == {
        **{"at": "2026-01-05T12:00:00Z", "running_container": 7, "frozen_container": 3},
        **{"running_kernel": 6, "student_home": 13, "load1": 400, "load5": 200, "load15": 100},
        **{"container_ds_percent": None, "container_ds_free": None},
        **{"nbhosting_ds_percent": 30, "nbhosting_ds_free": 300},
        **{"system_ds_percent": 30, "system_ds_free": 300},
        **{"memory_total": 8 * GIB, "memory_free": 300, "memory_available": 600},
        **{"system_container": 17, "system_kernel": 16},
    }
    assert second["running_container"] == 1


async def test_machines_that_were_sampled(machines):
    found = await rows(machines, "nodes")
    assert [row[0] for row in found] == ["n1", "n2"]
    assert datetime.fromisoformat(found[0][2]) == NOON + 5 * MINUTE


def used(student, generation, minutes, cpu, memory=None, disk=None):
    return LabSampled(
        **lab(student, generation, NOON + minutes * MINUTE),
        **{"state": "ready", "busy": False, "cpu_seconds": cpu, "memory": memory, "disk": disk},
    )


@pytest.fixture
async def usage(world):
    """Ada has had two labs, each of which counts its processor's seconds from its start."""
    await world.say(
        used("ada", 1, 0, 10.0, 100, 7),
        used("ada", 1, 10, 30.0, 300),
        used("ada", 2, 60, 5.0, 200, 9),
        used("bob", 3, 0, 2.5),
        used("bob", 3, 60, 2.5, 50, 1),
    )
    return world


async def test_processor_and_memory_of_each_student(usage):
    assert await rows(usage, "courses/py/usage") == [
        ("ada", 2, 35.0, 200, 300, 9),
        ("bob", 1, 2.5, 50, 50, 1),
    ]


async def test_what_was_used_before_the_range_is_not_used_in_it(usage):
    since = {"from": "2026-01-05T12:05:00Z"}
    assert await rows(usage, "courses/py/usage", **since) == [
        ("ada", 2, 25.0, 250, 300, 9),
        ("bob", 1, 0.0, 50, 50, 1),
    ]


async def test_processor_and_memory_of_each_course(usage):
    await usage.say(
        LabSampled(**lab("ada", 4) | {"course": "web"}, state="ready", busy=True, cpu_seconds=99.0)
    )
    assert await rows(usage, "usage") == [
        ("web", 1, 99.0, 0, 0),
        ("py", 3, 37.5, 162, 300),
    ]

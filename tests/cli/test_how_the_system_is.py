"""`nbh status`: what is wrong with a system that runs, and that nothing is."""

import json

import psutil
import pytest

from nbh_kit.testing import eventually
from nbh_proto import DeadLetter, now
from tests.e2e.student import Student
from tests.system import Failed, running_system


@pytest.fixture
async def system(tmp_path):
    async with running_system(tmp_path, engine="memory") as running:
        yield running


async def troubles(system):
    """What is said to be wrong; the exit status agrees."""
    status, said = 0, ""
    try:
        said = await system.nbh("status", "--json")
    except Failed as e:
        first, _, said = str(e).partition("\n")
        status = int(first.rpartition(" ")[2])
    found = json.loads(said)["troubles"]
    assert status == (1 if found else 0)
    return found


async def no_trouble(system):
    return await troubles(system) == []


async def trouble_about(system, *words):
    return [said for said in await troubles(system) if all(word in said for word in words)]


async def test_a_system_that_is_well_says_so_with_its_labs_and_courses(system):
    await eventually(lambda: no_trouble(system), within=30)
    await system.new_course("lesson")
    commit = json.loads(await system.nbh("course", "list", "--json"))["commit"]
    student = Student(system.link("lesson", "w1/first", "ada"))
    await student.open()
    screen = await system.nbh("status")
    await student.close()
    first, *lines = screen.splitlines()
    assert first.endswith("all is well")
    for service in ("router", "provisioner", "courses", "reaper", "stats"):
        assert any(line.split() == [service, "lives", "ready"] for line in lines), service
    assert any(line.split()[:3] == ["lesson", "1", "ready"] for line in lines)
    assert any(line.split()[:2] == ["lesson", commit[:10]] for line in lines)
    assert any("EVENTS to stats" in line for line in lines)
    assert any("free" in line and str(system.config.site.data) in line for line in lines)


async def test_what_is_away_is_named(system):
    await eventually(lambda: no_trouble(system), within=30)
    stats, nats = (psutil.Process(system.pid(part)) for part in ("stats", "nats"))
    stats.suspend()
    try:
        await eventually(lambda: trouble_about(system, "stats", "does not answer"), within=30)
    finally:
        stats.resume()
    nats.suspend()
    try:
        await eventually(lambda: trouble_about(system, "NATS is away"), within=30)
    finally:
        nats.resume()
    await eventually(lambda: no_trouble(system), within=60)


async def test_a_course_that_cannot_be_pulled_and_a_dead_letter_are_named(system):
    repository = await system.new_course("lesson")
    repository.folder.rename(system.shared / "elsewhere")
    with pytest.raises(Failed):
        await system.pull("lesson")
    await system.bus.tell(
        DeadLetter(
            service="stats", was="nbh.event.lab.ready.x", sequence=1, reason="odd", data=b"{"
        )
    )
    assert await trouble_about(system, "course lesson", "unreachable")
    assert await trouble_about(system, "1 message", "nbh dead list")
    with pytest.raises(Failed) as refused:
        await system.nbh("status")
    screen = str(refused.value)
    assert "2 troubles" in screen
    assert "course.failed" in screen
    assert now().astimezone().strftime("%m-%d") in screen

"""The log of a system that runs: one JSON object a line, a click's id from end to end (E-4)."""

import json
from datetime import datetime

import pytest

from nbh_kit.testing import eventually
from tests.e2e.student import Student
from tests.system import running_system

SERVICES = ("router", "provisioner", "courses", "reaper", "stats")
LEVELS = ("debug", "info", "warning", "error", "critical")


def lines(system):
    """What services said, as (service, line)."""
    log = system.config.site.data.parent / "log"
    told = (line.partition(" | ") for line in log.read_text().splitlines())
    return [(who.strip(), json.loads(said)) for who, _, said in told if who.strip() in SERVICES]


@pytest.fixture
async def system(tmp_path):
    chatty = {"site": {"log_level": "debug"}}
    async with running_system(tmp_path, engine="memory", settings=chatty) as running:
        yield running


async def test_a_click_can_be_followed_through_all_services(system):
    await system.new_course("lesson")
    student = Student(system.link("lesson", "w1/first", "ada"))
    await student.open()
    await student.close()
    # `nbh up` lets lines gather
    (click,) = await eventually(
        lambda: [said for _, said in lines(system) if said["event"] == "a click"]
    )
    assert (click["service"], click["course"], click["student"]) == ("router", "lesson", "ada")

    def told():
        """What was said of this click, in order."""
        return [
            (who, said["event"])
            for who, said in lines(system)
            if said.get("access") == click["access"]
        ]

    await eventually(lambda: ("stats", "an event is stored") in told(), within=20)
    assert [pair for pair in told() if pair[0] == "provisioner"] == [
        ("provisioner", "a lab is started"),
        ("provisioner", "a lab answers"),
        ("provisioner", "an access is served"),
    ]
    await eventually(lambda: ("router", "a click is answered") in told())
    (opened,) = await system.events("access.opened", student="ada")
    assert opened["access"] == click["access"]
    for who, said in lines(system):
        says_when_who_what_and_how_grave_it_is(who, said)


def says_when_who_what_and_how_grave_it_is(who, said):
    assert said["service"] == who
    assert said["level"] in LEVELS
    assert datetime.fromisoformat(said["timestamp"]).tzinfo
    assert said["event"]
    assert not any(isinstance(value, dict) for value in said.values())

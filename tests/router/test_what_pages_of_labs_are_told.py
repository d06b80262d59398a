"""A page hears that its lab will be stopped, that it will not, and why it was (L10); that it was
refused memory (R-16), that its student has little room left (S-35), which revision is there."""

from datetime import timedelta
from functools import partial

import msgspec

from nbh_kit.testing import eventually
from nbh_proto import (
    LabRanShort,
    LabStopAnnounced,
    LabStopWithdrawn,
    WorkspaceFull,
    WorkspaceHasRoom,
    WorkspaceNearlyFull,
    now,
)

CALM = {"stops": None, "ended": None, "short": None, "disk": None}


def about(lab, **more):
    return {
        "node": lab.node,
        "course": lab.course,
        "student": lab.student,
        "generation": 1,
        "reason": "idle",
    } | more


async def told(site, lab):
    async with site.client() as browser:
        answer = await browser.get(f"/-/lab/{lab.capability}")
    assert answer.status_code == 200
    return answer.json()


async def test_a_page_hears_that_its_lab_will_be_stopped_and_that_it_will_not(
    site, provisioner, bus
):
    lab = await provisioner.lab("127.0.0.1:9")
    other = await provisioner.lab("127.0.0.1:9", "eve")

    await eventually(lambda: _is_calm(site, lab))
    await bus.tell(LabStopAnnounced(**about(lab), stops_at=now() + timedelta(minutes=10)))

    async def stops():
        return (await told(site, lab))["stops"]

    said = await eventually(stops)
    assert said["reason"] == "idle"
    assert 590 < said["seconds"] <= 600
    assert (await told(site, other))["stops"] is None
    await bus.tell(LabStopWithdrawn(**about(lab)))
    await eventually(lambda: _is_calm(site, lab))


async def test_a_page_hears_why_its_lab_is_gone(site, provisioner):
    lab = await provisioner.lab("127.0.0.1:9")
    await eventually(lambda: _is_calm(site, lab))
    held = await provisioner.labs.get(lab.key)
    ending = msgspec.structs.replace(lab, state="stopping", why="idle")
    await provisioner.labs.update(lab.key, ending, held.revision)

    async def ended():
        return (await told(site, lab))["ended"] == "idle"

    await eventually(ended)


async def test_a_page_hears_that_its_lab_was_refused_memory(site, provisioner, bus):
    lab = await provisioner.lab("127.0.0.1:9")
    await eventually(lambda: _is_calm(site, lab))
    given = {k: v for k, v in about(lab).items() if k != "reason"}
    await bus.tell(LabRanShort(**given, of="memory", limit=2**30, times=3))

    async def short():
        return (await told(site, lab))["short"]

    said = await eventually(short)
    assert (said["of"], said["limit"], said["times"]) == ("memory", 2**30, 3)
    assert 0 <= said["ago"] < 60


async def test_a_page_hears_that_there_is_little_room_then_none_then_some(site, provisioner, bus):
    lab = await provisioner.lab("127.0.0.1:9")
    other = await provisioner.lab("127.0.0.1:9", "eve")
    for each in (lab, other):
        await eventually(partial(_is_calm, site, each))
    given = {"node": "n1", "course": lab.course, "student": lab.student}
    share = {"of": "bytes", "taken": 95, "limit": 100}

    async def hears(wanted):
        return (await told(site, lab))["disk"] == wanted

    await bus.tell(WorkspaceNearlyFull(**given, **share))
    await eventually(lambda: hears(share | {"full": False}))
    await bus.tell(WorkspaceFull(**given, **share))
    await eventually(lambda: hears(share | {"full": True}))
    assert await _is_calm(site, other)
    await bus.tell(WorkspaceHasRoom(**given))
    await eventually(lambda: hears(None))


async def test_of_a_lab_that_nobody_knows_it_is_said_that_it_is_lost(site):
    async with site.client() as browser:
        answer = await browser.get("/-/lab/1234567890")
    assert answer.json() == CALM | {"ended": "lost", "commit": ""}
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_page_hears_which_platforms_it_may_tell_something(site):
    async with site.client() as browser:
        answer = await browser.get("/-/platforms")
    assert answer.json() == {"origins": ["https://moodle.example.org"]}


async def _is_calm(site, lab):
    return await told(site, lab) == CALM | {"commit": "c" * 40}

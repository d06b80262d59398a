"""A page hears that its lab will be stopped, that it will not, and why it was (L10)."""

from datetime import timedelta

import msgspec

from nbh_kit.testing import eventually
from nbh_proto import LabStopAnnounced, LabStopWithdrawn, now


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


async def test_of_a_lab_that_nobody_knows_it_is_said_that_it_is_lost(site):
    async with site.client() as browser:
        answer = await browser.get("/-/lab/1234567890")
    assert answer.json() == {"stops": None, "ended": "lost"}
    assert answer.headers["Cache-Control"] == "no-store"


async def _is_calm(site, lab):
    return await told(site, lab) == {"stops": None, "ended": None}

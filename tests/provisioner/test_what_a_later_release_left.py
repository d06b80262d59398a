"""A release goes on with the rest whatever a later one left in streams and buckets (R-22)."""

import msgspec
import pytest

from nbh_kit.testing import eventually
from nbh_proto import DeadLetter, Lab, lab_key, names, now
from nbh_proto.streams import DEAD
from tests.provisioner import world

pytestmark = pytest.mark.usefixtures("memory")
KEY = lab_key("python", "ada")


def later(value, version=2, **more):
    return msgspec.json.encode(msgspec.to_builtins(value) | {"v": version, "added": 1} | more)


def lease(node):
    capability = names.new_capability()
    given = {"state": "ready", "generation": 1, "capability": capability, "token": "t"}
    return Lab(node=node, course="python", student="ada", since=now(), **given)


async def test_a_click_that_it_cannot_read_holds_up_no_other_of_that_student(router, bus):
    poison = world.access(student="ada")
    await bus.js.publish(poison.address, later(poison))
    await router.opened(student="ada", within=10)
    raw = await eventually(lambda: bus.js.get_last_msg(DEAD.name, "nbh.dead.provisioner"))
    letter = msgspec.json.decode(raw.data, type=DeadLetter)
    assert "AccessRequested of version 2, from a later release" in letter.reason


@pytest.mark.parametrize("left", [later(lease("node1")), b"{ damaged"], ids=["newer", "damaged"])
async def test_a_lease_that_it_cannot_read_keeps_no_student_out(router, bus, left):
    kv = await bus.js.key_value("LABS")
    await kv.put(KEY, left)
    ready = await router.opened(student="ada", within=10)
    assert (await router.lab()).capability == ready.capability


async def test_a_lease_that_it_cannot_read_stays_another_node_s(router, bus):
    kv = await bus.js.key_value("LABS")
    theirs = later(lease("node2"))
    await kv.put(KEY, theirs)
    await router.denied(student="ada", within=10)
    assert (await kv.get(KEY)).value == theirs


async def test_a_running_lab_goes_on_whatever_stands_in_the_place_of_its_lease(router, bus):
    ready = await router.opened(student="ada")
    kv = await bus.js.key_value("LABS")
    await kv.put(KEY, later(lease("node1")))
    again = await router.opened(student="ada", within=10)
    assert again.capability == ready.capability

"""Labs are stopped, die, and come back at the next click (L7, R-16)."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from nbh_kit.testing import eventually
from nbh_proto import CommandDone, CommandFailed, StopLab, lab_key, names, now
from nbh_proto.course import CommandAnswer
from nbh_proto.streams import PATIENCE
from nbh_provisioner.engine import Shortage
from nbh_provisioner.engines.memory import MemoryEngine
from tests.provisioner import world


@pytest.fixture
async def command(bus):
    """Asks for a lab's end and waits for the answer."""
    heard: asyncio.Queue[object] = asyncio.Queue()
    async with bus.inbox(CommandAnswer, heard.put_nowait) as inbox:

        async def ask(**fields):
            given = {"node": "node1", "course": "python", "student": "ada", **fields}
            await bus.tell(StopLab(**given, answer_to=inbox))
            return await asyncio.wait_for(heard.get(), 20)

        yield ask


async def test_a_lab_is_stopped_when_asked(memory, router, command, bus, data):
    await router.opened()
    assert isinstance(await command(), CommandDone)
    assert await router.lab() is None
    assert await memory.labs() == []
    assert list((data / "labs").iterdir()) == []
    (stopped,) = await world.events(bus, "lab.stopped")
    assert stopped["reason"] == "asked"


async def test_stopping_a_lab_that_is_not_there_is_done(memory, command):
    assert (await command()).line == "there is no such lab"


async def test_another_generation_is_not_stopped(memory, router, command):
    await router.opened()
    generation = (await router.lab()).generation
    await command(generation=generation + 1)
    assert (await router.lab()).state == "ready"
    await command(generation=generation)
    assert await router.lab() is None


async def test_a_command_that_nobody_took_in_time_is_told_as_failed(memory, router, command):
    await router.opened()
    answer = await command(at=now() - PATIENCE * 1.1)
    assert isinstance(answer, CommandFailed)
    assert answer.reason == "expired"
    assert (await router.lab()).state == "ready"


async def test_what_the_reaper_saw_two_minutes_ago_ends_no_lab(memory, router, command, bus):
    """Who has come back since would lose what they compute; it asks again where it must."""
    await router.opened()
    answer = await command(at=now() - timedelta(minutes=2), reason="idle")
    assert isinstance(answer, CommandFailed)
    assert answer.reason == "expired"
    assert (await router.lab()).state == "ready"
    assert isinstance(await command(reason="idle"), CommandDone)
    (stopped,) = await world.events(bus, "lab.stopped")
    assert stopped["reason"] == "idle"


async def test_another_nodes_command_is_left_to_it(memory, router, bus):
    await router.opened()
    await bus.tell(StopLab(node="node2", course="python", student="ada"))
    await router.opened()
    assert (await router.lab()).state == "ready"
    assert (await bus.js.stream_info("COMMANDS")).state.messages == 1


async def test_a_stopped_lab_comes_back_at_the_next_click(memory, router, command):
    first = await router.opened()
    await command()
    second = await router.opened()
    assert first.capability != second.capability
    assert (await router.lab()).state == "ready"


async def test_a_click_on_a_lab_on_its_way_out_gets_a_fresh_one(memory, router, command):
    first = await router.opened()
    stopping = asyncio.create_task(command())
    clicks = [asyncio.create_task(router.opened()) for _ in range(20)]
    assert isinstance(await stopping, CommandDone)
    answers = await asyncio.gather(*clicks)
    last = (await router.opened()).capability
    assert last != first.capability
    assert {a.capability for a in answers} <= {first.capability, last}


async def test_a_lab_that_dies_leaves_nothing_and_comes_back(memory, router, bus, data):
    first = await router.opened()
    (lab,) = await memory.labs()
    memory.crash(lab.name)
    (stopped,) = await eventually(lambda: world.events(bus, "lab.stopped"))
    assert stopped["reason"] == "died"
    second = await router.opened()
    assert first.capability != second.capability
    assert len(list((data / "labs").iterdir())) == 1


async def test_a_lab_that_needed_too_much_memory_is_told_so(memory, router, bus):
    await router.opened()
    (lab,) = await memory.labs()
    memory.crash(lab.name, out_of_memory=True)
    (stopped,) = await eventually(lambda: world.events(bus, "lab.stopped"))
    assert stopped["reason"] == "out-of-memory"
    assert (await router.opened()).capability


async def test_a_lab_that_goes_on_without_what_it_wanted_is_told_with_what_it_lacks(
    memory, router, bus
):
    ready = await router.opened()
    (lab,) = await memory.labs()
    memory.refuse(lab.name, Shortage(of="memory", limit=2**30, times=1))
    (told,) = await eventually(lambda: world.events(bus, "lab.ran-short"))
    assert (told["of"], told["limit"], told["times"]) == ("memory", 2**30, 1)
    assert (told["student"], told["generation"]) == ("ada", (await router.lab()).generation)
    assert (await router.opened()).capability == ready.capability


async def test_what_a_lab_lacks_is_heard_after_the_service_has_started_again(
    site, course, router, bus
):
    engine = MemoryEngine()
    async with world.running(site, engine):
        await router.opened()
    async with world.running(site, engine):
        await router.opened()
        (lab,) = await engine.labs()
        engine.refuse(lab.name, Shortage(of="processes", limit=512, times=9))
        (told,) = await eventually(lambda: world.events(bus, "lab.ran-short"))
        assert (told["of"], told["limit"], told["times"]) == ("processes", 512, 9)


async def test_a_lab_that_is_wanted_in_vain_is_wanted_again(data, nats_url, course, router):
    site = world.config(data, nats_url, lab={"boot_within": 0.2})
    engine = MemoryEngine(boots_in=None)
    async with world.running(site, engine):
        for _ in range(3):
            assert await router.denied() == "lab-slow"
    assert engine.starts == 3


async def test_a_lab_lives_on_when_the_service_leaves_quietly(site, course, router, bus):
    engine = MemoryEngine()
    async with world.running(site, engine):
        await router.opened()
        lab = await router.lab()
    assert (lab.state, await world.events(bus, "lab.stopped")) == ("ready", [])


async def test_a_lease_of_a_lab_that_is_no_more_is_released_at_a_start(site, course, router, bus):
    async with world.running(site, MemoryEngine()):
        first = await router.opened()
    engine = MemoryEngine()
    async with world.running(site, engine):
        second = await router.opened()
    assert first.capability != second.capability
    (stopped,) = await world.events(bus, "lab.stopped")
    assert stopped["reason"] == "died"


async def test_a_lab_whose_lease_was_taken_over_goes_and_the_new_lease_stays(
    memory, router, command
):
    await router.opened()
    held = await router.labs.get(lab_key("python", "ada"))
    other = msgspec.structs.replace(
        held.value, node="node2", capability=names.new_capability(), generation=99
    )
    await router.labs.update(lab_key("python", "ada"), other, held.revision)
    await command()
    assert await memory.labs() == []
    assert await router.lab() == other


async def test_another_nodes_lab_is_left_alone(site, course, router):
    async with world.running(site, MemoryEngine()):
        await router.opened()
    lab = await router.lab()
    elsewhere = world.config(
        site.site.data, site.nats.url, provisioner={"node": "node2"}, site={"name": "other"}
    )
    engine = MemoryEngine()
    async with world.running(elsewhere, engine):
        assert await router.denied() == "internal"
    assert await router.lab() == lab
    assert engine.starts == 0
